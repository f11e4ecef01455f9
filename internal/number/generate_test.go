package number

import (
	"flag"
	"fmt"
	"os"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

var update = flag.Bool("update", false, "write plan.txt anew from the library's metadata")

// TestPlanMatchesLibrary computes plan.txt from the metadata of the libphonenumber port and compares.
// After an update of that module: go test ./internal/number -run TestPlanMatchesLibrary -update
func TestPlanMatchesLibrary(t *testing.T) {
	t.Parallel()
	want := generatePlan(t)
	if *update {
		if err := os.WriteFile("plan.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if planText == want {
		return
	}
	got, expected := strings.Split(planText, "\n"), strings.Split(want, "\n")
	for i := range min(len(got), len(expected)) {
		if got[i] != expected[i] {
			t.Fatalf("plan.txt line %d is\n%s\nwant\n%s\nrun this test with -update", i+1, got[i], expected[i])
		}
	}
	t.Fatalf("plan.txt has %d lines, want %d: run this test with -update", len(got), len(expected))
}

const planHead = `# Country calling codes (ITU-T E.164), computed from the metadata of libphonenumber: do not edit.
#
# +code, the main country (001: a code of no country), then for each first digit of a national number
# (country code and trunk prefix not counted) the lengths that exist, in digits. Below a code that
# countries share: each of the others with the leading digits that are its own.
`

// automaton runs the patterns of one region over a national number, digit by digit.
type automaton struct{ programs []*syntax.Prog }

// states are the instructions that wait for the next digit, by program.
type states []map[uint32]bool

func newAutomaton(t *testing.T, patterns ...string) automaton {
	t.Helper()
	var a automaton
	for _, p := range patterns {
		if p == "" || p == "NA" {
			continue
		}
		re, err := syntax.Parse(p, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		prog, err := syntax.Compile(re.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		a.programs = append(a.programs, prog)
	}
	return a
}

func (a automaton) start() states {
	s := make(states, len(a.programs))
	for i, p := range a.programs {
		s[i] = map[uint32]bool{}
		follow(p, uint32(p.Start), s[i])
	}
	return s
}

// follow adds what is reached without a digit.
func follow(p *syntax.Prog, pc uint32, to map[uint32]bool) {
	switch in := &p.Inst[pc]; in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		follow(p, in.Out, to)
		follow(p, in.Arg, to)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		follow(p, in.Out, to)
	case syntax.InstFail:
	default:
		to[pc] = true
	}
}

func (a automaton) step(s states, digit rune) states {
	next := make(states, len(s))
	for i, p := range a.programs {
		next[i] = map[uint32]bool{}
		for pc := range s[i] {
			if in := &p.Inst[pc]; in.Op != syntax.InstMatch && in.MatchRune(digit) {
				follow(p, in.Out, next[i])
			}
		}
	}
	return next
}

// alive says whether some number still may match, matched whether one ends here.
func (a automaton) alive(s states) bool {
	for _, m := range s {
		if len(m) > 0 {
			return true
		}
	}
	return false
}

func (a automaton) matched(s states) bool {
	for i, m := range s {
		for pc := range m {
			if a.programs[i].Inst[pc].Op == syntax.InstMatch {
				return true
			}
		}
	}
	return false
}

// lengths is the set of lengths of the matching numbers that begin with what led to s, of n digits.
func (a automaton) lengths(s states, n int) (mask uint16) {
	for ; n <= 15 && a.alive(s); n++ {
		if a.matched(s) {
			mask |= 1 << n
		}
		all := make(states, len(s))
		for i := range all {
			all[i] = map[uint32]bool{}
		}
		for digit := '0'; digit <= '9'; digit++ {
			for i, m := range a.step(s, digit) {
				for pc := range m {
					all[i][pc] = true
				}
			}
		}
		s = all
	}
	return mask
}

type region struct {
	id      string
	types   automaton // all kinds of number
	usable  automaton // without universal access and voice mail numbers, which have lengths of their own
	lines   automaton // fixed lines and mobiles
	leading automaton // instead of types, where the metadata has leading digits
	leads   bool
}

func libraryRegions(t *testing.T) map[int][]region {
	t.Helper()
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	metadata := map[string]*phonenumbers.PhoneMetadata{}
	byCode := map[int][]region{}
	for _, m := range collection.GetMetadata() {
		metadata[fmt.Sprint(m.GetId(), m.GetCountryCode())] = m
	}
	for code := range phonenumbers.GetSupportedCallingCodes() {
		for _, id := range phonenumbers.GetRegionCodesForCountryCode(code) {
			m := metadata[fmt.Sprint(id, code)]
			if m == nil {
				t.Fatalf("no metadata for %s +%d", id, code)
			}
			r := region{id: id, leads: m.GetLeadingDigits() != ""}
			r.leading = newAutomaton(t, m.GetLeadingDigits())
			lines := []string{m.GetFixedLine().GetNationalNumberPattern(), m.GetMobile().GetNationalNumberPattern()}
			usable := append(lines,
				m.GetTollFree().GetNationalNumberPattern(), m.GetPremiumRate().GetNationalNumberPattern(),
				m.GetSharedCost().GetNationalNumberPattern(), m.GetPersonalNumber().GetNationalNumberPattern(),
				m.GetVoip().GetNationalNumberPattern(), m.GetPager().GetNationalNumberPattern())
			types := append(usable, m.GetUan().GetNationalNumberPattern(), m.GetVoicemail().GetNationalNumberPattern())
			r.lines, r.usable, r.types = newAutomaton(t, lines...), newAutomaton(t, usable...), newAutomaton(t, types...)
			byCode[code] = append(byCode[code], r)
		}
	}
	return byCode
}

func generatePlan(t *testing.T) string {
	t.Helper()
	byCode := libraryRegions(t)
	var codes []int
	for code := range byCode {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	var b strings.Builder
	b.WriteString(planHead)
	for _, code := range codes {
		regions := byCode[code]
		fmt.Fprintf(&b, "+%d %s", code, regions[0].id)
		for first := '0'; first <= '9'; first++ {
			var mask uint16
			for _, r := range regions {
				a := r.usable
				if first == '0' { // elsewhere a trunk prefix; toll-free oddities aside
					a = r.lines
				}
				mask |= a.lengths(a.step(a.start(), first), 1)
			}
			if mask != 0 {
				fmt.Fprintf(&b, " %c:%s", first, formatLengths(mask))
			}
		}
		b.WriteString("\n")
		if len(regions) > 1 {
			writeShares(&b, regions)
		}
	}
	return b.String()
}

func formatLengths(mask uint16) string {
	var parts []string
	for n := 1; n <= 15; n++ {
		if mask&(1<<n) == 0 {
			continue
		}
		end := n
		for end < 15 && mask&(1<<(end+1)) != 0 {
			end++
		}
		if end == n {
			parts = append(parts, fmt.Sprint(n))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", n, end))
		}
		n = end
	}
	return strings.Join(parts, ",")
}

// writeShares writes which leading digits of a shared calling code are whose: the longest that fits
// decides, and what none fits is the first region's.
func writeShares(b *strings.Builder, regions []region) {
	owned := map[string][]string{}
	var walk func(prefix string, alive []walker, inherited string)
	walk = func(prefix string, alive []walker, inherited string) {
		owner := inherited
		if prefix != "" {
			owner = soleOwner(alive)
		}
		if owner == "" && (len(prefix) == 6 || regions[0].id == "US" && len(prefix) == 3) {
			owner = alive[0].region.id
		}
		if owner != "" && prefix != "" {
			if owner != inherited {
				owned[owner] = append(owned[owner], prefix)
			}
			return
		}
		for digit := '0'; digit <= '9'; digit++ {
			var next []walker
			for _, w := range alive {
				if w, ok := w.step(digit); ok {
					next = append(next, w)
				}
			}
			if len(next) > 0 {
				walk(prefix+string(digit), next, inherited)
			}
		}
	}
	var all []walker
	for _, r := range regions {
		all = append(all, walker{region: r, types: r.types.start(), leading: r.leading.start()})
	}
	walk("", all, regions[0].id)
	for _, r := range regions[1:] {
		prefixes := owned[r.id]
		if len(prefixes) > 0 {
			fmt.Fprintf(b, "\t%s %s\n", r.id, strings.Join(shorten(prefixes), " "))
		}
	}
}

// shorten joins ten neighbours into the prefix above them.
func shorten(prefixes []string) []string {
	for n := 6; n > 1; n-- {
		count := map[string]int{}
		for _, p := range prefixes {
			if len(p) == n {
				count[p[:n-1]]++
			}
		}
		for up, c := range count {
			if c == 10 {
				prefixes = slices.DeleteFunc(prefixes, func(p string) bool { return len(p) == n && p[:n-1] == up })
				prefixes = append(prefixes, up)
			}
		}
	}
	slices.Sort(prefixes)
	return prefixes
}

// walker is a region that may own the numbers with the digits walked.
type walker struct {
	region         region
	types, leading states
	sure           bool // the leading digits have been seen
}

func (w walker) step(digit rune) (walker, bool) {
	if !w.region.leads {
		w.types = w.region.types.step(w.types, digit)
		return w, w.region.types.alive(w.types)
	}
	if !w.sure {
		w.leading = w.region.leading.step(w.leading, digit)
		w.sure = w.region.leading.matched(w.leading)
	}
	return w, w.sure || w.region.leading.alive(w.leading)
}

// soleOwner is the region that the library would name for each number below, or "".
func soleOwner(alive []walker) string {
	if len(alive) == 1 && (!alive[0].region.leads || alive[0].sure) {
		return alive[0].region.id
	}
	if alive[0].region.leads && alive[0].sure {
		return alive[0].region.id // comes first and takes all
	}
	return ""
}
