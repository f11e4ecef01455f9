package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"golang.org/x/text/unicode/norm"
)

// fold is the form of a name by which it is ordered, searched and compared: no letter case, no accents.
func fold(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(name)))), " ")
}

// contactsWhere turns a query into conditions on table contacts c.
func (s *Store) contactsWhere(ctx context.Context, workspace smsir.UUID, q store.ContactQuery) (*where, error) {
	w := new(where)
	w.and("c.workspace_id = ?", workspace)
	if text := fold(q.Search); text != "" {
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, strings.TrimLeft(text, "0+"))
		if len(digits) >= 3 {
			w.and(`(c.name_key LIKE ? ESCAPE '\' OR c.phone LIKE ? ESCAPE '\')`, like(text), like(digits))
		} else {
			w.and(`c.name_key LIKE ? ESCAPE '\'`, like(text))
		}
	}
	if q.Suppressed != nil {
		w.cond = append(w.cond, negated(!*q.Suppressed, suppressed))
	}
	if len(q.IDs) > 0 {
		in, args := uuids(len(w.args)+1, q.IDs)
		w.args = append(w.args, args...)
		w.cond = append(w.cond, "c.id IN "+in)
	}
	if !q.Group.IsZero() {
		inGroup, err := s.inGroup(ctx, w, workspace, q.Group, 0)
		if err != nil {
			return nil, err
		}
		w.cond = append(w.cond, inGroup)
	}
	if q.Filter != nil {
		text, err := s.filterText(ctx, w, workspace, q.Filter, 0)
		if err != nil {
			return nil, err
		}
		w.cond = append(w.cond, text)
	}
	if q.Without != nil {
		text, err := s.filterText(ctx, w, workspace, q.Without, 0)
		if err != nil {
			return nil, err
		}
		w.cond = append(w.cond, "NOT ("+text+")")
	}
	return w, nil
}

const suppressed = "EXISTS (SELECT 1 FROM suppressions s WHERE s.workspace_id = c.workspace_id AND s.recipient = c.phone)"

func negated(not bool, condition string) string {
	if not {
		return "NOT " + condition
	}
	return condition
}

// maxDepth bounds groups that are defined by groups.
const maxDepth = 3

// inGroup is the condition of being in a group, whatever its kind.
func (s *Store) inGroup(ctx context.Context, w *where, workspace, id smsir.UUID, depth int) (string, error) {
	g, err := s.Group(ctx, workspace, id)
	if err != nil {
		return "", err
	}
	if g.Filter != nil {
		if depth >= maxDepth {
			return "", invalidFilter("A group cannot be defined by groups more than %d levels deep.", maxDepth)
		}
		return s.filterText(ctx, w, workspace, g.Filter, depth+1)
	}
	return w.bound("EXISTS (SELECT 1 FROM group_members gm WHERE gm.group_id = ? AND gm.contact_id = c.id)", id), nil
}

func invalidFilter(format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = "filter"
	return e
}

// filterText turns a filter into one condition.
func (s *Store) filterText(ctx context.Context, w *where, workspace smsir.UUID, f *store.ContactFilter, depth int) (string, error) {
	if len(f.Conditions) == 0 {
		return "", invalidFilter("The filter has no condition. Add one.")
	}
	parts := make([]string, len(f.Conditions))
	for i, c := range f.Conditions {
		text, err := s.conditionText(ctx, w, workspace, c, depth)
		if err != nil {
			return "", err
		}
		parts[i] = "(" + text + ")"
	}
	joiner := " AND "
	if f.Any {
		joiner = " OR "
	}
	return "(" + strings.Join(parts, joiner) + ")", nil
}

func (s *Store) conditionText(ctx context.Context, w *where, workspace smsir.UUID, c store.ContactCondition, depth int) (string, error) {
	switch c.On {
	case "name":
		c.Value = fold(c.Value)
		return columnText(w, "c.name_key", c, false)
	case "phone":
		return columnText(w, "c.phone", c, false)
	case "country":
		c.Value = strings.ToUpper(c.Value)
		return columnText(w, "c.country", c, false)
	case "language":
		return columnText(w, "c.language", c, false)
	case "created":
		at, err := parseDay(c.Value)
		if err != nil {
			return "", err
		}
		switch c.Is {
		case "above":
			return w.bound("c.created_at >= ?", at), nil
		case "below":
			return w.bound("c.created_at < ?", at), nil
		}
	case "suppressed":
		switch c.Is {
		case "set", "not_set":
			return negated(c.Is == "not_set", suppressed), nil
		}
	case "group":
		id, err := smsir.ParseUUID(smsir.PrefixGroup, c.Value)
		if err != nil {
			return "", invalidFilter("%q is no group. Choose one of the list.", c.Value)
		}
		text, err := s.inGroup(ctx, w, workspace, id, depth)
		switch c.Is {
		case "equal", "not_equal":
			return negated(c.Is == "not_equal", text), err
		}
	default:
		if key, ok := strings.CutPrefix(c.On, "field."); ok {
			return s.fieldText(ctx, w, workspace, key, c)
		}
		return "", invalidFilter("Contacts have no %q. Choose name, phone, country, language, group, suppressed, created or one of your own fields.", c.On)
	}
	return "", invalidFilter("%q cannot be used with %q.", c.Is, c.On)
}

// fieldText compares a field of the workspace's own.
func (s *Store) fieldText(ctx context.Context, w *where, workspace smsir.UUID, key string, c store.ContactCondition) (string, error) {
	fields, err := s.ContactFields(ctx, workspace)
	if err != nil {
		return "", err
	}
	for _, f := range fields {
		if f.Key != key {
			continue
		}
		value := w.bound("SELECT 1 FROM contact_values v WHERE v.contact_id = c.id AND v.key = ?", key)
		switch c.Is {
		case "set", "not_set":
			return negated(c.Is == "not_set", "EXISTS ("+value+")"), nil
		case "not_equal": // also those that have no value
			c.Is = "equal"
			text, err := columnText(w, "v.value", c, f.Type == store.FieldNumber)
			return "NOT EXISTS (" + value + " AND " + text + ")", err
		}
		text, err := columnText(w, "v.value", c, f.Type == store.FieldNumber)
		return "EXISTS (" + value + " AND " + text + ")", err
	}
	return "", invalidFilter("There is no field %q any more. Take the condition out.", key)
}

// columnText compares a column.
func columnText(w *where, column string, c store.ContactCondition, number bool) (string, error) {
	operator, ok := map[string]string{"equal": "=", "not_equal": "<>", "above": ">", "below": "<"}[c.Is]
	switch {
	case c.Is == "contains":
		return w.bound("LOWER("+column+`) LIKE ? ESCAPE '\'`, like(strings.ToLower(c.Value))), nil
	case c.Is == "set":
		return column + " <> ''", nil
	case c.Is == "not_set":
		return column + " = ''", nil
	case !ok:
		return "", invalidFilter("There is no comparison %q. Choose equal, not_equal, contains, set, not_set, above or below.", c.Is)
	case number:
		n, err := strconv.ParseFloat(c.Value, 64)
		if err != nil {
			return "", invalidFilter("%q is not a number.", c.Value)
		}
		return w.bound("CAST("+column+" AS DOUBLE PRECISION) "+operator+" ?", n), nil
	}
	return w.bound(column+" "+operator+" ?", c.Value), nil
}

// Marshal and Unmarshal of a filter: "" is none.
func filterColumn(f *store.ContactFilter) (string, error) {
	if f == nil {
		return "", nil
	}
	b, err := json.Marshal(f)
	return string(b), err
}

// filterScan reads what filterColumn wrote.
type filterScan struct{ to **store.ContactFilter }

// Scan implements sql.Scanner.
func (f filterScan) Scan(src any) error {
	var b []byte
	if err := (text{&b}).Scan(src); err != nil {
		return fmt.Errorf("filter column: %w", err)
	}
	if len(b) == 0 {
		*f.to = nil
		return nil
	}
	*f.to = new(store.ContactFilter)
	return json.Unmarshal(b, *f.to)
}
