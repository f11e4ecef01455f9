package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smsir/smsir/internal/seal"
)

func load(t *testing.T, dir string, sealed bool) *seal.Keys {
	t.Helper()
	keys, err := seal.Load(dir, sealed)
	if err != nil {
		t.Fatalf("Load(%s, %v): %v", dir, sealed, err)
	}
	return keys
}

func box(t *testing.T, keys *seal.Keys, purpose string) *seal.Box {
	t.Helper()
	b, err := keys.Box(purpose)
	if err != nil {
		t.Fatalf("Box(%q): %v", purpose, err)
	}
	return b
}

func at(row string) seal.Place {
	return seal.Place{Table: "providers", Column: "secrets", Row: row}
}

func TestSealedValuesOpenAfterRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, plain := range []string{"", "x", strings.Repeat("secret ", 1000)} {
		sealed := box(t, load(t, dir, false), "providers").Seal([]byte(plain), at("a"))
		if len(plain) > 8 && bytes.Contains(sealed, []byte(plain[:8])) {
			t.Errorf("the sealed value of %.10q holds it in the clear", plain)
		}
		got, err := box(t, load(t, dir, true), "providers").Open(sealed, at("a"))
		if err != nil || string(got) != plain {
			t.Errorf("Open of the sealed %.10q: got %.10q, %v", plain, got, err)
		}
	}
}

func TestSealingTwiceDiffers(t *testing.T) {
	t.Parallel()
	b := box(t, load(t, t.TempDir(), false), "providers")
	if first, second := b.Seal([]byte("x"), at("a")), b.Seal([]byte("x"), at("a")); bytes.Equal(first, second) {
		t.Errorf("the same value sealed twice gives the same bytes %x: equal secrets show", first)
	}
}

// TestSealedValuesStayInTheirPlace swaps two values between rows, columns, tables and purposes.
func TestSealedValuesStayInTheirPlace(t *testing.T) {
	t.Parallel()
	keys := load(t, t.TempDir(), false)
	b := box(t, keys, "providers")
	sealed := b.Seal([]byte("secret of a"), at("a"))
	for name, place := range map[string]seal.Place{
		"another row":      at("b"),
		"no row":           at(""),
		"another column":   {Table: "providers", Column: "settings", Row: "a"},
		"another table":    {Table: "webhooks", Column: "secrets", Row: "a"},
		"shifted boundary": {Table: "provider", Column: "ssecrets", Row: "a"},
	} {
		if got, err := b.Open(sealed, place); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("Open at %s (%+v): got %q, %v, want ErrOpen", name, place, got, err)
		}
	}
	if got, err := box(t, keys, "webhooks").Open(sealed, at("a")); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("Open for another purpose: got %q, %v, want ErrOpen", got, err)
	}
	if got, err := box(t, load(t, t.TempDir(), false), "providers").Open(sealed, at("a")); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("Open with the key of another instance: got %q, %v, want ErrOpen", got, err)
	}
}

func TestEveryChangedBitIsNoticed(t *testing.T) {
	t.Parallel()
	b := box(t, load(t, t.TempDir(), false), "providers")
	sealed := b.Seal([]byte("abc"), at("a"))
	for i := range len(sealed) * 8 {
		changed := bytes.Clone(sealed)
		changed[i/8] ^= 1 << (i % 8)
		if got, err := b.Open(changed, at("a")); err == nil {
			t.Errorf("bit %d of %x changed: Open gave %q, want an error", i, sealed, got)
		}
	}
	for n := range len(sealed) {
		if got, err := b.Open(sealed[:n], at("a")); err == nil {
			t.Errorf("%x cut to %d bytes: Open gave %q, want an error", sealed, n, got)
		}
	}
}

func TestNewKeyTakesOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := box(t, load(t, dir, false), "providers")
	sealed := old.Seal([]byte("x"), at("a"))
	if !old.Current(sealed) {
		t.Errorf("Current(%x) is false with the only key", sealed)
	}

	path := filepath.Join(dir, seal.FileName)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(content)+"2 "+strings.Repeat("0f", 32)+"\n", 0o600)
	both := box(t, load(t, dir, true), "providers")
	if got, err := both.Open(sealed, at("a")); err != nil || string(got) != "x" {
		t.Errorf("Open of a value of key 1 with keys 1 and 2: got %q, %v", got, err)
	}
	if both.Current(sealed) {
		t.Error("a value of key 1 is current although key 2 is newer")
	}
	again := both.Seal([]byte("x"), at("a"))
	if !both.Current(again) {
		t.Errorf("Current(%x) is false right after sealing", again)
	}
	if _, err := old.Open(again, at("a")); err == nil || !strings.Contains(err.Error(), "key 2") {
		t.Errorf("Open without key 2: got %v, want an error that names key 2", err)
	}
}

func TestKeyFileIsPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	load(t, dir, false)
	info, err := os.Stat(filepath.Join(dir, seal.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode of a new key file: got %04o, want 0600", info.Mode().Perm())
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the data folder holds %v, %v, want the key file only", entries, err)
	}
}

func TestBadKeyFilesAreRefused(t *testing.T) {
	t.Parallel()
	good := "1 " + strings.Repeat("ab", 32) + "\n"
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"readable by the group":  {good, 0o640, "chmod 600"},
		"readable by others":     {good, 0o604, "chmod 600"},
		"too short":              {"1 " + strings.Repeat("ab", 31), 0o600, "64 hexadecimal digits"},
		"too long":               {"1 " + strings.Repeat("ab", 33), 0o600, "64 hexadecimal digits"},
		"not hexadecimal":        {"1 " + strings.Repeat("zz", 32), 0o600, "64 hexadecimal digits"},
		"no key number":          {strings.Repeat("ab", 32), 0o600, "key number"},
		"key number 0":           {"0 " + strings.Repeat("ab", 32), 0o600, "1 to 255"},
		"key number 256":         {"256 " + strings.Repeat("ab", 32), 0o600, "1 to 255"},
		"the same number twice":  {good + good, 0o600, "twice"},
		"empty":                  {"", 0o600, "no key"},
		"comments only":          {"# nothing\n\n", 0o600, "no key"},
		"larger than a key file": {strings.Repeat("#\n", 40_000), 0o600, "larger"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, seal.FileName)
		write(t, path, c.content, c.mode)
		_, err := seal.Load(dir, false)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want an error with %q and the path", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "abab") {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
		if got, _ := os.ReadFile(path); string(got) != c.content {
			t.Errorf("%s: the file was changed to %.80q", name, got)
		}
	}
}

func TestMissingKeyFileWithSealedValues(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := seal.Load(dir, true)
	if err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("got %v, want an error that says the file is missing", err)
	}
	if _, err := os.Stat(filepath.Join(dir, seal.FileName)); !os.IsNotExist(err) {
		t.Errorf("a key file was made although sealed values exist (%v)", err)
	}
}

func TestMissingDataFolder(t *testing.T) {
	t.Parallel()
	if _, err := seal.Load(filepath.Join(t.TempDir(), "none"), false); err == nil {
		t.Error("Load in a folder that is not there: got nil, want an error")
	}
}

// TestFirstStartTwice: two processes that start at once end with one key.
func TestFirstStartTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	boxes := make(chan *seal.Box, 8)
	for range cap(boxes) {
		go func() {
			defer func() { boxes <- nil }()
			keys, err := seal.Load(dir, false)
			if err != nil {
				t.Errorf("Load: %v", err)
				return
			}
			b, err := keys.Box("providers")
			if err != nil {
				t.Errorf("Box: %v", err)
				return
			}
			boxes <- b
		}()
	}
	var first *seal.Box
	for done := 0; done < cap(boxes); {
		b := <-boxes
		switch {
		case b == nil:
			done++
		case first == nil:
			first = b
		default:
			if _, err := b.Open(first.Seal([]byte("x"), at("a")), at("a")); err != nil {
				t.Errorf("two first starts made two keys: %v", err)
			}
		}
	}
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestMACKeysDifferByPurposeAndInstance(t *testing.T) {
	t.Parallel()
	keys := load(t, t.TempDir(), false)
	mac := func(k *seal.Keys, purpose string) string {
		b, err := k.MAC(purpose)
		if err != nil || len(b) != 32 {
			t.Fatalf("MAC(%q): got %d bytes, %v, want 32", purpose, len(b), err)
		}
		return string(b)
	}
	if mac(keys, "cursors") != mac(keys, "cursors") {
		t.Error("two calls give two keys")
	}
	if mac(keys, "cursors") == mac(keys, "tickets") {
		t.Error("two purposes have one key")
	}
	if mac(keys, "cursors") == mac(load(t, t.TempDir(), false), "cursors") {
		t.Error("two instances have one key")
	}
}

// TestMACsOutliveANewMasterKey: what an older master key has given is still among the keys after a new one was added.
func TestMACsOutliveANewMasterKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, err := load(t, dir, false).MAC("callbacks")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, seal.FileName)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(content)+"2 "+strings.Repeat("0f", 32)+"\n", 0o600)
	keys := load(t, dir, true)
	newest, err := keys.MAC("callbacks")
	if err != nil {
		t.Fatal(err)
	}
	all, err := keys.MACs("callbacks")
	if err != nil || len(all) != 2 || string(all[0]) != string(newest) || string(all[1]) != string(old) || string(old) == string(newest) {
		t.Errorf("got %d keys, %v; want the new one and then the old one", len(all), err)
	}
}
