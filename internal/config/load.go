package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// EnvPrefix begins the name of every environment variable of ours.
const EnvPrefix = "SMSIR_"

// Input says where settings come from, from the weakest source to the strongest.
type Input struct {
	// File is the path of a YAML file; empty for none. A file that is named must exist.
	File string
	// Getenv looks up an environment variable, as [os.Getenv] does; nil for none. An empty value counts as not set.
	Getenv func(name string) string
	// Overrides are values by key, from the command line. An empty value is a value.
	Overrides map[string]string
}

// Loaded is what [Load] found.
type Loaded struct {
	Settings

	sources map[string]string // by key; absent: default
}

// Load gathers the settings from all sources and checks them. The error, if any, is an [*Error] with every problem.
func Load(in Input) (*Loaded, error) {
	l := &Loaded{Settings: Defaults(), sources: map[string]string{}}
	options := bind(&l.Settings)
	var problems Error

	l.loadFile(in.File, options, &problems)
	for _, o := range options {
		if in.Getenv == nil {
			break
		}
		if v := in.Getenv(o.Env()); v != "" {
			l.take(o, o.Env(), v, &problems)
		}
	}
	for _, key := range sortedKeys(in.Overrides) {
		v := in.Overrides[key]
		i := slices.IndexFunc(options, func(o Option) bool { return o.Key == key })
		if i < 0 {
			problems.Problems = append(problems.Problems, Problem{Source: "command line", Key: key, Reason: unknownKey(key, options)})
			continue
		}
		l.take(options[i], "--"+options[i].Flag(), v, &problems)
	}
	l.agree(&problems)
	if err := problems.orNil(); err != nil {
		return nil, err
	}
	return l, nil
}

// take sets one option from one source, or adds a problem.
func (l *Loaded) take(o Option, source, value string, problems *Error) {
	if err := o.set(value); err != nil {
		problems.add(source, o, value, err.Error())
		return
	}
	l.sources[o.Key] = source
}

// agree checks what no setting can know alone. It blames the setting that an operator would change.
func (l *Loaded) agree(problems *Error) {
	blame := func(key, reason string) {
		for _, o := range bind(&l.Settings) {
			if o.Key == key {
				problems.add(l.source(key), o, o.get(), reason)
			}
		}
	}
	if (l.SMPP.TLSCert == "") != (l.SMPP.TLSKey == "") {
		blame("smpp.tls_cert", "and smpp.tls_key belong together; set both or neither")
	}
	if l.Session.Idle > l.Session.Absolute {
		blame("session.idle", "is longer than session.absolute ("+formatDuration(l.Session.Absolute)+"); lower it or raise the other")
	}
	if u, err := url.Parse(l.PublicURL); err == nil && u.Scheme == "http" && !l.AllowInsecureHTTP && !loopback(u.Hostname()) {
		blame("public_url", "is plain http, over which nobody could sign in; write https, or set allow_insecure_http: true")
	}
}

// loopback reports whether host names this machine only.
func loopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// Value is one setting as it is in effect.
type Value struct {
	Option

	// Text is the value as it would be written in the file; a placeholder for a secret.
	Text string
	// Source is where it came from: "smsir.yaml:12", "SMSIR_LISTEN", "--listen", or "default".
	Source string
}

// Values lists every setting with its value and where it came from, in the order of the sample file.
func (l *Loaded) Values() []Value {
	options := bind(&l.Settings)
	all := make([]Value, len(options))
	for i, o := range options {
		all[i] = Value{Option: o, Text: o.get(), Source: l.source(o.Key)}
	}
	return all
}

func (l *Loaded) source(key string) string {
	if s, ok := l.sources[key]; ok {
		return s
	}
	return "default"
}

// UnknownEnv finds the variables of environ (as of [os.Environ]) that begin with [EnvPrefix] but name no setting and
// are not among known, which lists the variables other parts of the program read. Each comes with what to do about
// it. They are no error: a container platform may add such names by itself.
func UnknownEnv(environ []string, known ...string) []Problem {
	options := Options()
	var found []Problem
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		isSetting := slices.ContainsFunc(options, func(o Option) bool { return o.Env() == name })
		if !strings.HasPrefix(name, EnvPrefix) || isSetting || slices.Contains(known, name) {
			continue
		}
		names := slices.Clone(known)
		for _, o := range options {
			names = append(names, o.Env())
		}
		found = append(found, Problem{Source: name, Reason: "names no setting and is ignored" + suggest(name, names)})
	}
	slices.SortFunc(found, func(a, b Problem) int { return strings.Compare(a.Source, b.Source) })
	return found
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
