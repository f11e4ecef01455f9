package sqldb

import (
	"strconv"
	"strings"

	"github.com/smsir/smsir"
)

// where gathers conditions with their arguments. Conditions are constants of this package; only arguments carry data.
type where struct {
	cond []string
	args []any
}

// bind keeps an argument and returns its placeholder.
func (w *where) bind(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

// bound is a condition with its arguments kept, each ? replaced by a placeholder; it is not added.
func (w *where) bound(cond string, args ...any) string {
	parts := strings.Split(cond, "?")
	var b strings.Builder
	for i, a := range args {
		b.WriteString(parts[i] + w.bind(a))
	}
	return b.String() + strings.Join(parts[len(args):], "?")
}

func (w *where) and(cond string, args ...any) { w.cond = append(w.cond, w.bound(cond, args...)) }

func (w *where) text() string { return strings.Join(w.cond, " AND ") }

// words makes a list of placeholders from number first on, "($3, $4)", and their values. One that is empty matches nothing.
func words(first int, list []string) (placeholders string, args []any) {
	if len(list) == 0 {
		return "(NULL)", nil
	}
	var b strings.Builder
	for i, w := range list {
		b.WriteString([]string{"(", ", "}[min(i, 1)])
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
		args = append(args, w)
	}
	return b.String() + ")", args
}

// uuids is [words] for identifiers.
func uuids(start int, ids []smsir.UUID) (string, []any) {
	in, _ := words(start, make([]string, len(ids)))
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return in, args
}

// like makes a pattern for a part of a text.
func like(part string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(part) + "%"
}
