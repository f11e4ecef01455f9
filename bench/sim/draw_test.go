package sim

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// draws are random choices for one purpose: they depend on the seed and the purpose alone.
type draws struct{ *rand.Rand }

// draw returns the choices for a purpose.
func (w *world) draw(purpose ...any) draws {
	h := fnv.New64a()
	fmt.Fprintln(h, purpose...)
	return draws{rand.New(rand.NewPCG(w.seed, h.Sum64()))}
}

// chance is true with a probability in percent.
func (d draws) chance(percent float64) bool { return d.Float64()*100 < percent }

// within draws a duration, in milliseconds.
func (d draws) within(from, to time.Duration) time.Duration {
	return (from + time.Duration(d.Int64N(int64(to-from)+1))).Round(time.Millisecond)
}

// sooner draws a duration up to a bound, mostly a small part of it.
func (d draws) sooner(to time.Duration) time.Duration {
	f := d.Float64()
	return time.Duration(f * f * f * f * float64(to)).Round(time.Millisecond)
}

// weighted picks an index with the given weights.
func (d draws) weighted(weights ...int) int {
	sum := 0
	for _, n := range weights {
		sum += n
	}
	at := d.IntN(sum)
	for i, n := range weights {
		if at < n {
			return i
		}
		at -= n
	}
	return len(weights) - 1
}
