package route

import (
	"encoding/binary"
	"math"

	"github.com/smsir/smsir"
)

// draw is the lot of a target for a message. The lots are exponentially distributed with the weight
// as their rate, so that sorting by them picks the first with a chance of its weight by the sum of
// weights, the second likewise among the rest, and so on. A lot depends on nothing but message and
// provider: when a provider comes or goes, the order of the others stays. Without a message (id 0)
// the heaviest comes first.
func draw(id smsir.ID, t Target) float64 {
	if t.Weight <= 0 {
		return math.Inf(1)
	}
	if id == 0 {
		return 1 / float64(t.Weight)
	}
	return -math.Log(uniform(id, t.Provider, 0)) / float64(t.Weight)
}

// uniform hashes a message and a provider into (0, 1]; other salts are independent.
func uniform(id smsir.ID, provider smsir.UUID, salt uint64) float64 {
	h := mix(uint64(id) + salt) //nolint:gosec // only its bits matter
	h = mix(h ^ binary.LittleEndian.Uint64(provider[:8]))
	h = mix(h ^ binary.LittleEndian.Uint64(provider[8:]))
	return float64(h>>11+1) / (1 << 53)
}

// mix spreads every bit of x over all of the result: the finalizer of SplitMix64, after its constant step.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
