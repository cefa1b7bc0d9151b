package settle

import (
	"context"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// BenchmarkSettleAThousandUploads: with a host that takes a tenth of a second
// for an answer nearly all the time is the host's.
func BenchmarkSettleAThousandUploads(b *testing.B) {
	const payments, answer = 1000, 100 * time.Millisecond
	for b.Loop() {
		b.StopTimer()
		r := newRigAt(b, b.TempDir(), newBank(b, b.TempDir()), patient)
		r.signOn()
		var events []pos.Event
		for range payments {
			e := r.created(pos.Sale, 100, "")
			yes := of(e, pos.EvApproved)
			yes.Approved = 100
			events = append(events, e, of(e, pos.EvSending), yes)
		}
		_, err := r.store.Append(context.Background(), pos.Commit{Events: events})
		r.must(err)
		r.bank.host.SetLatency(answer)
		b.StartTimer()
		begun := time.Now()
		rep := r.settle()
		took := time.Since(begun)
		b.StopTimer()
		if rep.Uploaded != payments {
			b.Fatalf("%+v", rep)
		}
		messages := 1 + payments/pos.UploadLimit + 1
		ideal := time.Duration(messages) * answer
		b.ReportMetric(float64(ideal)/float64(took), "of_ideal")
		b.ReportMetric(float64(messages), "messages")
		r.down()
		b.StartTimer()
	}
}
