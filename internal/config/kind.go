package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// One function per kind of setting: each ties a field to its text form and its range.

// text is any single line that check accepts. check may return another spelling of the same value.
func text(key string, field *string, def string, check func(string) (string, error), doc string) Option {
	return Option{
		Key: key, Default: def, Doc: doc,
		get: func() string { return *field },
		set: func(t string) error {
			v, err := check(t)
			if err == nil {
				*field = v
			}
			return err
		},
	}
}

func boolean(key string, field *bool, doc string) Option {
	return Option{
		Key: key, Default: "false", Doc: doc, Range: "true or false", Bool: true,
		get: func() string { return strconv.FormatBool(*field) },
		set: func(t string) error {
			v, err := strconv.ParseBool(strings.ToLower(t))
			if err != nil {
				return errors.New("is neither true nor false")
			}
			*field = v
			return nil
		},
	}
}

func integer[T int | uint64](key string, field *T, def, low, high T, doc string) Option {
	rng := fmt.Sprintf("from %d to %d", low, high)
	return Option{
		Key: key, Default: fmt.Sprint(def), Doc: doc, Range: rng,
		get: func() string { return fmt.Sprint(*field) },
		set: func(t string) error {
			n, err := strconv.ParseInt(t, 10, 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				return errors.New("is not a whole number; write one " + rng)
			}
			if err != nil || n < int64(low) || n > int64(high) {
				return errors.New("is out of range; write a number " + rng)
			}
			*field = T(n)
			return nil
		},
	}
}

func duration(key string, field *time.Duration, def, low, high time.Duration, doc string) Option {
	rng := "from " + formatDuration(low) + " to " + formatDuration(high)
	return Option{
		Key: key, Default: formatDuration(def), Doc: doc, Range: rng,
		get: func() string { return formatDuration(*field) },
		set: func(t string) error {
			d, err := parseDuration(t)
			if err != nil {
				return err
			}
			if d < low || d > high {
				return errors.New("is out of range; write a duration " + rng)
			}
			*field = d
			return nil
		},
	}
}

func size(key string, field *Bytes, doc string) Option {
	return Option{
		Key: key, Default: "0", Doc: doc, Range: "such as 512MiB or 1GiB",
		get: func() string { return field.String() },
		set: func(t string) error {
			b, err := ParseBytes(t)
			if err == nil {
				*field = b
			}
			return err
		},
	}
}

func level(key string, field *slog.Level, doc string) Option {
	return Option{
		Key: key, Default: "info", Doc: doc, Range: "debug, info, warn or error",
		get: func() string { return strings.ToLower(field.String()) },
		set: func(t string) error {
			l, err := parseLevel(t)
			if err == nil {
				*field = l
			}
			return err
		},
	}
}

// enum is one of the words given; the first is the default.
func enum[T ~string](key string, field *T, words ...T) Option {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	last := len(names) - 1
	return Option{
		Key: key, Default: names[0], Range: strings.Join(names[:last], ", ") + " or " + names[last],
		get: func() string { return string(*field) },
		set: func(t string) error {
			for _, w := range words {
				if t == string(w) {
					*field = w
					return nil
				}
			}
			return errors.New("is none of " + strings.Join(names, ", "))
		},
	}
}

func (o Option) doc(text string) Option {
	o.Doc = text
	return o
}

func prefixes(key string, field *[]netip.Prefix, doc string) Option {
	return Option{
		Key: key, Doc: doc, Range: "a list such as [127.0.0.1, 10.0.0.0/8]",
		get: func() string { return formatPrefixes(*field) },
		set: func(t string) error {
			p, err := parsePrefixes(t)
			if err == nil {
				*field = p
			}
			return err
		},
	}
}

// secret is empty, or at least shortest characters long.
func secret(key string, field *Secret, shortest int, doc string) Option {
	return Option{
		Key: key, Doc: doc, Secret: true, Range: fmt.Sprintf("at least %d characters", shortest),
		get: func() string { return field.String() },
		set: func(t string) error {
			if t != "" && len(t) < shortest {
				return fmt.Errorf("is too short to be safe; write at least %d random characters", shortest)
			}
			if _, err := oneLine(t); err != nil {
				return err
			}
			*field = Secret(t)
			return nil
		},
	}
}

// address is empty, or that of a PostgreSQL database. It holds a password, and is shown without.
func address(key string, field *Secret, doc string) Option {
	return Option{
		Key: key, Doc: doc, Secret: true, Range: "a postgres:// address",
		get: func() string { return field.String() },
		set: func(t string) error {
			if t != "" && !strings.HasPrefix(t, "postgres://") && !strings.HasPrefix(t, "postgresql://") {
				return errors.New("is not the address of a PostgreSQL database; write it as postgres://USER:PASSWORD@HOST:5432/DATABASE")
			}
			if _, err := oneLine(t); err != nil {
				return err
			}
			*field = Secret(t)
			return nil
		},
	}
}

func oneLine(t string) (string, error) {
	if strings.ContainsFunc(t, unicode.IsControl) {
		return "", errors.New("contains a line break or another control character; remove it")
	}
	return t, nil
}

func notEmpty(t string) (string, error) {
	if strings.TrimSpace(t) == "" {
		return "", errors.New("is empty")
	}
	return oneLine(t)
}

// hostPort accepts what [net.Listen] does: host:port, with a numeric port.
func hostPort(t string) (string, error) {
	_, port, err := net.SplitHostPort(t)
	if err != nil {
		return "", errors.New("is not an address with a port; write one such as 127.0.0.1:8080 or :8080")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", errors.New("has no port between 0 and 65535; write an address such as 127.0.0.1:8080")
	}
	return oneLine(t)
}

// optionalHostPort is hostPort, or nothing.
func optionalHostPort(t string) (string, error) {
	if t == "" {
		return "", nil
	}
	return hostPort(t)
}

// baseURL accepts an absolute http or https address and removes the slash at its end.
func baseURL(t string) (string, error) {
	if t == "" {
		return "", nil
	}
	u, err := url.Parse(t)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.Opaque != "" {
		return "", errors.New("is not a web address; write one such as https://sms.example.org")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return "", errors.New("must hold only scheme, host and port; write it such as https://sms.example.org")
	}
	return u.Scheme + "://" + u.Host, nil
}
