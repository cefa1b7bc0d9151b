package figures

import (
	"context"
	"time"

	"tillkeeper/app/pos"
)

// clocked adds up what the journal's commits and the simulated card take within
// the sales of a till, so that a row can say where the time goes.
type clocked struct{ commits, card time.Duration }

type clockedJournal struct {
	pos.Journal
	c *clocked
}

func (j clockedJournal) Append(ctx context.Context, c pos.Commit) ([]pos.Event, error) {
	defer since(time.Now(), &j.c.commits)
	return j.Journal.Append(ctx, c)
}

type clockedReader struct {
	pos.CardReader
	c *clocked
}

func (r clockedReader) Connect(ctx context.Context, p pos.Purchase) (pos.CardSession, error) {
	defer since(time.Now(), &r.c.card)
	s, err := r.CardReader.Connect(ctx, p)
	return clockedCard{s, r.c}, err
}

type clockedCard struct {
	pos.CardSession
	c *clocked
}

func (s clockedCard) Read(ctx context.Context, p pos.Purchase) (pos.CardRead, error) {
	defer since(time.Now(), &s.c.card)
	return s.CardSession.Read(ctx, p)
}

func (s clockedCard) Finish(ctx context.Context, a pos.CardAnswer) (pos.CardFinal, error) {
	defer since(time.Now(), &s.c.card)
	return s.CardSession.Finish(ctx, a)
}

func since(began time.Time, sum *time.Duration) { *sum += time.Since(began) }
