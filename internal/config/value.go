package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Bytes is an amount of storage. As text it is a whole number with an optional unit: B, KiB, MiB, GiB or TiB
// (powers of 1024).
type Bytes int64

// byteUnits, largest first, so that String finds the largest unit that divides evenly.
func byteUnits() []struct {
	name string
	size Bytes
} {
	return []struct {
		name string
		size Bytes
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}
}

// ParseBytes reads what [Bytes.String] writes.
func ParseBytes(text string) (Bytes, error) {
	digits, unit := text, Bytes(1)
	for _, u := range byteUnits() {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			digits, unit = strings.TrimSpace(rest), u.size
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return 0, errors.New("is not an amount of storage; write a whole number and a unit, such as 512MiB or 1GiB")
	}
	if n > math.MaxInt64/int64(unit) {
		return 0, errors.New("is more storage than can be counted")
	}
	return Bytes(n) * unit, nil
}

// String writes b with the largest unit that divides it: 512MiB, 1GiB, 0.
func (b Bytes) String() string {
	if b == 0 {
		return "0"
	}
	for _, u := range byteUnits() {
		if b%u.size == 0 {
			return strconv.FormatInt(int64(b/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// redacted stands where a secret would.
const redacted = "[secret]"

// Secret is a text that must not be seen. It prints, logs and marshals as a placeholder; Reveal gives the text.
type Secret string

// Reveal gives the text itself, for comparing or for handing to the one who needs it.
func (s Secret) Reveal() string { return string(s) }

// String never shows the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString never shows the text.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// LogValue never shows the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText never shows the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// parseDuration reads a duration such as 90s, 15m or 72h.
func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("is not a duration; write a number and a unit, such as 10s, 15m or 72h")
	}
	return d, nil
}

// formatDuration writes d without the zero units that [time.Duration.String] appends: 72h, not 72h0m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// parsePrefixes reads networks separated by commas; a single address is a network of one.
func parsePrefixes(text string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		p, err := parsePrefix(part)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		if p != p.Masked() {
			return netip.Prefix{}, fmt.Errorf("contains %s, which has bits beyond its mask; write %s", text, p.Masked())
		}
		return p, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("contains %q, which is not a network; write addresses or networks such as 127.0.0.1 or 10.0.0.0/8", text)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func formatPrefixes(all []netip.Prefix) string {
	texts := make([]string, len(all))
	for i, p := range all {
		texts[i] = p.String()
		if p.IsSingleIP() {
			texts[i] = p.Addr().String()
		}
	}
	return strings.Join(texts, ",")
}

// parseLevel reads the four levels by name, in any case.
func parseLevel(text string) (slog.Level, error) {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if strings.EqualFold(text, l.String()) {
			return l, nil
		}
	}
	return 0, errors.New("is none of debug, info, warn, error")
}
