package pcsc

import (
	"context"
	"time"
)

// Wait returns the readers as soon as they are not as known: a card put in or taken out (by the event counter), a reader
// that came or went. It sleeps in the socket, without polling. The end of the context
// ends it with the context's error, and the connection is still good.
func (c *Client) Wait(ctx context.Context, known []State) ([]State, error) {
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	defer func() { c.turn <- struct{}{} }()
	for {
		states, err := c.register(ctx)
		if err != nil {
			return nil, err
		}
		if !same(states, known) {
			return states, c.unregister(ctx)
		}
		if err := c.signal(ctx); err != nil {
			return nil, err
		}
	}
}

// register asks to be told of the next change; pcscd answers with how things are now. The caller has the turn.
func (c *Client) register(ctx context.Context) ([]State, error) {
	release := c.limit(context.WithoutCancel(ctx), commandLimit) // it is answered at once: signal sees the end of the context
	defer release()
	if _, err := c.conn.Write(message(cmdWait)); err != nil {
		return nil, c.fail(ctx, err)
	}
	r, err := readReply(c.conn, statesSize)
	if err != nil {
		return nil, c.fail(ctx, err)
	}
	states, err := parseStates(r)
	if err != nil {
		return nil, c.fail(ctx, err)
	}
	return states, nil
}

// signal sleeps until pcscd tells of a change. Whoever was registered gets exactly one message of 8 bytes, the change or
// the answer to the wish to be told no more, and is not registered then.
func (c *Client) signal(ctx context.Context) error {
	asked := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(asked)
		c.conn.SetDeadline(time.Now().Add(stopLimit)) //nolint:errcheck,gosec // a closed connection says so at the next read
		c.conn.Write(message(cmdStopWait))            //nolint:errcheck,gosec // as above
	})
	_, err := readReply(c.conn, 8)
	if !stop() {
		<-asked
		c.conn.SetDeadline(time.Time{}) //nolint:errcheck,gosec // as above
	}
	if err != nil {
		return c.fail(ctx, err)
	}
	return ctx.Err()
}

// unregister asks to be told no more.
func (c *Client) unregister(ctx context.Context) error {
	release := c.limit(context.WithoutCancel(ctx), stopLimit)
	defer release()
	if _, err := c.conn.Write(message(cmdStopWait)); err != nil {
		return c.fail(ctx, err)
	}
	if _, err := readReply(c.conn, 8); err != nil {
		return c.fail(ctx, err)
	}
	return nil
}
