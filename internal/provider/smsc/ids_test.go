package smsc

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestOneFormOfIDs: bringing an id into its form twice is bringing it there once, and within one carrier's way of writing ids,
// two that differ stay different. However a carrier writes the id of a receipt, it leads to that of the answer.
func TestOneFormOfIDs(t *testing.T) {
	t.Parallel()
	words := rapid.OneOf(rapid.StringMatching(`[0-9]{1,19}`), rapid.StringMatching(`[0-9a-fA-F]{1,15}`), rapid.StringMatching(`[0-9A-Za-z-]{1,36}`))
	rapid.Check(t, func(rt *rapid.T) {
		f := newIDForms(rapid.SampledFrom([]string{idLearn, idAsIs, idDecimal, idHex}).Draw(rt, "setting"))
		a, b := words.Draw(rt, "one"), words.Draw(rt, "another")
		once := f.canonical(a)
		if twice := f.canonical(once); twice != once {
			rt.Fatalf("%q becomes %q, and that %q", a, once, twice)
		}
		same := strings.EqualFold(strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0"))
		if f.canonical(a) == f.canonical(b) && !same {
			rt.Fatalf("%q and %q become one", a, b)
		}
		if f.fixed == idAsIs && f.ofReceipt(a)[0] == f.ofReceipt(b)[0] && !same {
			rt.Fatalf("receipts of %q and %q mean one message", a, b)
		}

		n, m := rapid.Uint64Range(1, 1<<62).Draw(rt, "number"), rapid.Uint64Range(1, 1<<62).Draw(rt, "another number")
		write := func(n uint64, base int) string {
			id := strings.Repeat("0", rapid.IntRange(0, 4).Draw(rt, "zeros")) + strconv.FormatUint(n, base)
			if rapid.Bool().Draw(rt, "upper") {
				id = strings.ToUpper(id)
			}
			return id
		}
		for setting, bases := range map[string][2]int{idAsIs: {10, 10}, idDecimal: {10, 16}, idHex: {16, 10}, idLearn: {10, 16}} {
			f := newIDForms(setting)
			answer, receipt, other := f.canonical(write(n, bases[0])), f.ofReceipt(write(n, bases[1])), f.ofReceipt(write(m, bases[1]))
			if !slices.Contains(receipt, answer) || setting != idLearn && receipt[0] != answer {
				rt.Fatalf("%s: the receipt of %d means %q, its answer was %q", setting, n, receipt, answer)
			}
			if setting != idLearn && n != m && receipt[0] == other[0] {
				rt.Fatalf("%s: receipts of %d and %d mean one message, %q", setting, n, m, receipt[0])
			}
		}
	})
}
