package storetest

import (
	"slices"

	"github.com/smsir/smsir"
)

func testTriedProviders(b *bench) {
	m := b.message()
	b.accept(true, m)
	if tried, err := b.st.TriedProviders(ctx, m.ID); err != nil || len(tried) != 0 {
		b.Errorf("before any attempt: %v, %v", tried, err)
	}
	first, second := b.provider, smsir.UUID{2}
	var want []smsir.UUID
	for _, p := range []smsir.UUID{first, second, first} {
		b.provider = p
		id := b.mustIntend(m)
		*m = *b.finish(id, m.ID, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassRetry, RetryAt: b.now()})
		if got, err := b.claim(b.now(), 10); err != nil || len(got) != 1 {
			b.Fatalf("claimed %v, %v", got, err)
		}
		want = append(want, p)
	}
	if tried, err := b.st.TriedProviders(ctx, m.ID); err != nil || !slices.Equal(tried, want) {
		b.Errorf("tried %v, %v, want %v", tried, err, want)
	}
}
