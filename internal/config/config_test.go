package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/smsir/smsir/internal/config"
)

// file writes content to a fresh configuration file and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "smsir.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func load(t *testing.T, in config.Input) *config.Loaded {
	t.Helper()
	l, err := config.Load(in)
	if err != nil {
		t.Fatalf("Load(%+v): %v", in, err)
	}
	return l
}

// comparePrefix lets go-cmp look at networks and secrets.
func comparers() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
		cmp.Comparer(func(a, b config.Secret) bool { return a.Reveal() == b.Reveal() }),
		cmpopts.EquateEmpty(),
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	want := config.Settings{
		DataDir: "./data", Listen: "127.0.0.1:8080", ShutdownGrace: 10 * time.Second, Registration: config.RegistrationInvitation,
		Log:       config.Log{Level: slog.LevelInfo, Format: config.LogText},
		Session:   config.Session{Idle: 12 * time.Hour, Absolute: 168 * time.Hour},
		Message:   config.Message{Validity: 24 * time.Hour, MaxLateness: time.Hour, IdempotencyTTL: 72 * time.Hour},
		Store:     config.Store{PoolSize: 16},
		Node:      config.Node{Lease: 30 * time.Second},
		Dispatch:  config.Dispatch{QueueLimit: 1_000_000, Window: 32},
		SMPP:      config.SMPP{Listen: ":3550"},
		Simulator: config.Simulator{Seed: 1, Window: 32},
	}
	if diff := cmp.Diff(want, config.Defaults(), comparers()); diff != "" {
		t.Errorf("Defaults() (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, load(t, config.Input{}).Settings, comparers()); diff != "" {
		t.Errorf("Load without a source (-want +got):\n%s", diff)
	}
}

// changed gives every setting a valid value that is not its default.
func changed() map[string]string {
	return map[string]string{
		"data_dir": "/srv/smsir", "listen": ":9090", "public_url": "https://sms.example.org", "allow_insecure_http": "true",
		"trusted_proxies": "10.0.0.0/8,192.0.2.7", "webhooks.allow_networks": "10.0.0.0/8", "shutdown_grace": "30s", "registration": "closed",
		"log.level": "debug", "log.format": "json", "session.idle": "1h", "session.absolute": "2h",
		"message.validity": "10m", "message.max_lateness": "5m", "message.idempotency_ttl": "24h",
		"store.url": "postgres://smsir:word@db.example.org/smsir", "store.pool_size": "40", "store.ignore_move": "true", "node.name": "east", "node.lease": "1m",
		"store.min_free_bytes": "512MiB", "store.accept_data_loss": "true", "dispatch.queue_limit": "7", "dispatch.window": "3",
		"smpp.listen": ":3551", "smpp.plain_listen": ":2775", "smpp.plain_networks": "10.1.0.0/16", "smpp.tls_cert": "/etc/smsir/cert.pem", "smpp.tls_key": "/etc/smsir/key.pem",
		"simulator.seed": "42", "simulator.window": "5", "metrics.token": "sixteen-letters-x",
	}
}

// TestEveryFieldHasAnOption finds a field of Settings that no source can set, and a test above that forgot one.
func TestEveryFieldHasAnOption(t *testing.T) {
	t.Parallel()
	values := changed()
	for _, o := range config.Options() {
		if _, ok := values[o.Key]; !ok {
			t.Errorf("changed() has no value for %s", o.Key)
		}
	}
	l := load(t, config.Input{Overrides: values})
	var walk func(path string, got, def reflect.Value)
	walk = func(path string, got, def reflect.Value) {
		if got.Kind() != reflect.Struct {
			if reflect.DeepEqual(got.Interface(), def.Interface()) {
				t.Errorf("Settings%s is %v whatever the sources say: no option sets it", path, got)
			}
			return
		}
		for i := range got.NumField() {
			walk(path+"."+got.Type().Field(i).Name, got.Field(i), def.Field(i))
		}
	}
	walk("", reflect.ValueOf(l.Settings), reflect.ValueOf(config.Defaults()))
	for _, v := range l.Values() {
		want := values[v.Key]
		if v.Secret {
			want = "[secret]"
		}
		if v.Text != want || v.Source != "--"+v.Flag() {
			t.Errorf("Values(): %s is %q from %s, want %q from --%s", v.Key, v.Text, v.Source, want, v.Flag())
		}
	}
}

func TestOptionNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, o := range config.Options() {
		for _, name := range []string{o.Key, o.Env(), "--" + o.Flag()} {
			if other, ok := seen[name]; ok {
				t.Errorf("%s names both %s and %s", name, other, o.Key)
			}
			seen[name] = o.Key
		}
		if o.Doc == "" || !strings.HasSuffix(o.Doc, ".") {
			t.Errorf("%s: Doc is %q, want sentences", o.Key, o.Doc)
		}
	}
}

func TestPriority(t *testing.T) {
	t.Parallel()
	path := file(t, "listen: 127.0.0.1:1\nlog:\n  level: warn\n  format: json\n")
	l := load(t, config.Input{
		File:      path,
		Getenv:    env(map[string]string{"SMSIR_LOG_LEVEL": "error", "SMSIR_LISTEN": "127.0.0.1:2", "SMSIR_DATA_DIR": ""}),
		Overrides: map[string]string{"listen": "127.0.0.1:3"},
	})
	got := map[string]string{}
	for _, v := range l.Values() {
		got[v.Key] = v.Text + " from " + v.Source
	}
	for key, want := range map[string]string{
		"listen":     "127.0.0.1:3 from --listen",
		"log.level":  "error from SMSIR_LOG_LEVEL",
		"log.format": "json from " + path + ":4",
		"data_dir":   "./data from default",
	} {
		if got[key] != want {
			t.Errorf("%s is %s, want %s", key, got[key], want)
		}
	}
}

// TestEverySourceReadsTheSame gives all settings through the file, the environment and the command line in turn.
func TestEverySourceReadsTheSame(t *testing.T) {
	t.Parallel()
	values := changed()
	environ, yaml, sect := map[string]string{}, "", ""
	for _, o := range config.Options() {
		environ[o.Env()] = values[o.Key]
		s, name, nested := strings.Cut(o.Key, ".")
		switch {
		case !nested:
			yaml += o.Key + ": " + values[o.Key] + "\n"
			continue
		case s != sect:
			yaml += s + ":\n"
			sect = s
		}
		yaml += "  " + name + ": " + values[o.Key] + "\n"
	}
	want := load(t, config.Input{Overrides: values}).Settings
	fromEnv := load(t, config.Input{Getenv: env(environ)}).Settings
	fromFile := load(t, config.Input{File: file(t, yaml)}).Settings
	if diff := cmp.Diff(want, fromEnv, comparers()); diff != "" {
		t.Errorf("environment (-flags +environment):\n%s", diff)
	}
	if diff := cmp.Diff(want, fromFile, comparers()); diff != "" {
		t.Errorf("file (-flags +file):\n%s\n%s", diff, yaml)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for key, texts := range map[string][]string{
		"data_dir":                {"", "  ", "a\nb"},
		"listen":                  {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "[::1:8080", "a\x00:1"},
		"public_url":              {"sms.example.org", "ftp://sms.example.org", "https://", "https://a:b@sms.example.org", "https://sms.example.org/x", "https://sms.example.org?", "https://sms.example.org#x", "https:sms", "http://sms.example.org"},
		"allow_insecure_http":     {"", "yes", "2"},
		"trusted_proxies":         {"10.0.0.0/33", "proxy", "10.1.0.0/8", "fe80::1%eth0"},
		"shutdown_grace":          {"", "10", "0s", "999ms", "10m1s", "-5s", "1d"},
		"registration":            {"", "Open", "everybody"},
		"log.level":               {"", "loud", "info+2"},
		"log.format":              {"", "xml"},
		"session.idle":            {"59s", "2161h", "169h"},
		"session.absolute":        {"0", "8761h", "11h"},
		"message.validity":        {"59s", "168h1s"},
		"message.max_lateness":    {"0s", "169h"},
		"message.idempotency_ttl": {"23h59m", "721h"},
		"store.min_free_bytes":    {"", "-1", "1.5GiB", "5%", "1GB", "9000000000TiB", "lots"},
		"store.accept_data_loss":  {"maybe"},
		"dispatch.queue_limit":    {"0", "-1", "100000001", "1e6", "1_000", "99999999999999999999"},
		"dispatch.window":         {"0", "1001"},
		"simulator.window":        {"0", "1001"},
		"simulator.seed":          {"-1", "9223372036854775808", "0x10"},
		"metrics.token":           {"short", "sixteen-letters\nand-a-line"},
	} {
		for _, text := range texts {
			t.Run(fmt.Sprintf("%s=%q", key, text), func(t *testing.T) {
				t.Parallel()
				l, err := config.Load(config.Input{Overrides: map[string]string{key: text}})
				var all *config.Error
				if !errors.As(err, &all) || l != nil {
					t.Fatalf("Load accepted %s = %q: %v", key, text, err)
				}
				if len(all.Problems) != 1 {
					t.Fatalf("got %d problems, want one: %v", len(all.Problems), err)
				}
			})
		}
	}
}

func TestLoadAccepts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, text, want string }{
		{"listen", ":0", ":0"},
		{"listen", "[::1]:8080", "[::1]:8080"},
		{"listen", "localhost:80", "localhost:80"},
		{"public_url", "https://sms.example.org/", "https://sms.example.org"},
		{"public_url", "http://localhost:8080", "http://localhost:8080"},
		{"public_url", "http://[::1]:8080/", "http://[::1]:8080"},
		{"public_url", "http://127.0.0.5", "http://127.0.0.5"},
		{"allow_insecure_http", "TRUE", "true"},
		{"trusted_proxies", " 127.0.0.1 , ::1, 10.0.0.0/8,", "127.0.0.1,::1,10.0.0.0/8"},
		{"shutdown_grace", "1m30s", "1m30s"},
		{"log.level", "WARN", "warn"},
		{"session.idle", "168h", "168h"},
		{"store.min_free_bytes", "2048 MiB", "2GiB"},
		{"store.min_free_bytes", "1000", "1000B"},
		{"store.min_free_bytes", "0", "0"},
		{"simulator.seed", "9223372036854775807", "9223372036854775807"},
	} {
		l := load(t, config.Input{Overrides: map[string]string{c.key: c.text}})
		for _, v := range l.Values() {
			if v.Key == c.key && v.Text != c.want {
				t.Errorf("%s = %q is kept as %q, want %q", c.key, c.text, v.Text, c.want)
			}
		}
	}
}

func TestFileProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, want string }{
		"unknown key":         {"lisen: :80\n", `smsir.yaml:1: lisen is not a setting; did you mean listen?`},
		"key in no section":   {"level: debug\n", `smsir.yaml:1: level is not a setting; did you mean log.level?`},
		"unknown nested key":  {"log:\n  leve: debug\n", `smsir.yaml:2: log.leve is not a setting; did you mean log.level?`},
		"dotted key":          {"log.level: debug\nlog:\n  level: info\n", `smsir.yaml:3: log.level is written twice`},
		"repeated key":        {"listen: :1\nlisten: :2\n", `smsir.yaml:2: listen is written twice`},
		"no value":            {"listen:\n", `smsir.yaml:1: listen has no value`},
		"section for a value": {"listen:\n  port: 1\n", `smsir.yaml:2: listen must be a plain value`},
		"list for a value":    {"listen: [a, b]\n", `smsir.yaml:1: listen must be a plain value`},
		"value for a section": {"log: debug\n", `smsir.yaml:1: log is not a list of keys and values`},
		"map in the list":     {"trusted_proxies: [{a: b}]\n", `smsir.yaml:1: trusted_proxies holds something`},
		"list as the file":    {"- a\n", `smsir.yaml:1: is not a list of keys`},
		"alias":               {"data_dir: &a x\nlisten: *a\n", `smsir.yaml:2: listen must be a plain value`},
		"not yaml":            {"listen: [\n", `smsir.yaml: is not YAML`},
		"two documents":       {"listen: :1\n---\nlisten: :2\n", `smsir.yaml:2: begins a second document`},
		"wrong value":         {"session:\n  idle: 12\n", `smsir.yaml:2: session.idle "12" is not a duration; write a number and a unit`},
		"too large":           {strings.Repeat("#", 1<<20) + "\n", `smsir.yaml: is larger than 1 MiB`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Input{File: file(t, c.content)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s\nfor %q", err, c.want, c.content[:min(len(c.content), 80)])
			}
		})
	}
}

func TestFileThatIsMissing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.yaml")
	_, err := config.Load(config.Input{File: path})
	if err == nil || !strings.Contains(err.Error(), path+": cannot be read") {
		t.Errorf("got %v, want one that names %s", err, path)
	}
}

func TestEmptyFiles(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "# nothing\n", "---\n", "log:\nsession:\n"} {
		got := load(t, config.Input{File: file(t, content)}).Settings
		if diff := cmp.Diff(config.Defaults(), got, comparers()); diff != "" {
			t.Errorf("file %q (-defaults +got):\n%s", content, diff)
		}
	}
}

// TestAllProblemsAtOnce: an operator mends a file in one round.
func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Input{
		File:      file(t, "listen: nowhere\nnonsense: 1\n"),
		Getenv:    env(map[string]string{"SMSIR_LOG_LEVEL": "loud"}),
		Overrides: map[string]string{"dispatch.queue_limit": "0", "no.such": "x"},
	})
	var all *config.Error
	if !errors.As(err, &all) {
		t.Fatalf("got %v, want *config.Error", err)
	}
	var got []string
	for _, p := range all.Problems {
		got = append(got, p.Key+" "+p.Value)
	}
	want := []string{"listen nowhere", "nonsense ", "log.level loud", "dispatch.queue_limit 0", "no.such "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if !strings.Contains(err.Error(), "5 problems") {
		t.Errorf("Error() does not count them: %v", err)
	}
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	const marker = "marker-of-a-secret"
	l := load(t, config.Input{Getenv: env(map[string]string{"SMSIR_METRICS_TOKEN": marker})})
	if got := l.Metrics.Token.Reveal(); got != marker {
		t.Fatalf("Reveal() is %q, want %q", got, marker)
	}
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("settings", "token", l.Metrics.Token, "all", l.Settings)
	asJSON, err := json.Marshal(l.Settings)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "%v %+v %#v %s %q %x %s\n", l.Settings, l.Settings, l.Settings, l.Metrics.Token, l.Metrics.Token, l.Metrics.Token, asJSON)
	for _, v := range l.Values() {
		fmt.Fprintln(&out, v.Text)
	}
	_, err = config.Load(config.Input{Overrides: map[string]string{"metrics.token": "tiny-secret"}})
	if err == nil || strings.Contains(err.Error(), "tiny-secret") {
		t.Errorf("error %v, want one without the value", err)
	}
	if strings.Contains(out.String(), marker) || strings.Contains(out.String(), fmt.Sprintf("%x", marker)) {
		t.Errorf("the secret shows in:\n%s", out.String())
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	sample := config.Sample()
	if got := load(t, config.Input{File: file(t, sample)}).Settings; !cmp.Equal(config.Defaults(), got, comparers()) {
		t.Errorf("the sample changes a setting:\n%s", cmp.Diff(config.Defaults(), got, comparers()))
	}
	active := regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`).ReplaceAllString(sample, "$1$2")
	l := load(t, config.Input{File: file(t, active)})
	if !cmp.Equal(config.Defaults(), l.Settings, comparers()) {
		t.Errorf("the sample does not show the defaults:\n%s", cmp.Diff(config.Defaults(), l.Settings, comparers()))
	}
	for _, v := range l.Values() {
		if v.Source == "default" {
			t.Errorf("the sample leaves out %s", v.Key)
		}
	}
	if committed, err := os.ReadFile("../../docs/smsir.sample.yaml"); err != nil || string(committed) != sample {
		t.Errorf("docs/smsir.sample.yaml is out of date (%v): run make gen", err)
	}
	for i, line := range strings.Split(sample, "\n") {
		if len(line) > 120 {
			t.Errorf("line %d has %d characters, want at most 120: %s", i+1, len(line), line)
		}
	}
}

func TestUnknownEnv(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, p := range config.UnknownEnv([]string{
		"SMSIR_LISTEN=:1", "SMSIR_LISTN=:1", "SMSIR_REQUIRE=chromium", "SMSIR_SERVICE_HOST=10.0.0.1", "PATH=/bin", "SMSIR=1",
	}, "SMSIR_REQUIRE") {
		got[p.Source] = p.Reason
	}
	want := map[string]string{
		"SMSIR_LISTN":        "names no setting and is ignored; did you mean SMSIR_LISTEN?",
		"SMSIR_SERVICE_HOST": "names no setting and is ignored",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Bytes{"0": 0, "1": 1, "7B": 7, "1KiB": 1024, "3 MiB": 3 << 20, "8191PiB": -1, "8388607TiB": 8388607 << 40, "8388608TiB": -1} {
		got, err := config.ParseBytes(text)
		if (err != nil) != (want < 0) || (err == nil && got != want) {
			t.Errorf("ParseBytes(%q) = %d, %v, want %d", text, got, err, want)
		}
		if err != nil {
			continue
		}
		if again, err := config.ParseBytes(got.String()); err != nil || again != got {
			t.Errorf("%d is written %q and read %d, %v", got, got, again, err)
		}
	}
}
