package account

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/argon2"
)

func TestPasswordHashes(t *testing.T) {
	t.Parallel()
	h, ctx := newHasher(), t.Context()
	long := strings.Repeat("x", 127)
	first, err := h.hash(ctx, long+"a")
	wantNil(t, "hash", err)
	second, err := h.hash(ctx, long+"a")
	wantNil(t, "hash", err)
	if first == second {
		t.Error("two hashes of one password are equal: there is no salt")
	}
	accented, err := h.hash(ctx, "caf\u00e9 au lait")
	wantNil(t, "hash", err)
	for _, c := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"the same", first, long + "a", true},
		{"128 characters, another at the end", first, long + "b", false},
		{"one less", first, long, false},
		{"empty", first, "", false},
		{"one accent in two ways of writing", accented, "cafe\u0301 au lait", true},
		{"without the accent", accented, "cafe au lait", false},
		{"the dummy", h.dummy, "", false},
	} {
		if got, err := h.verify(ctx, c.hash, c.password); got != c.want || err != nil {
			t.Errorf("%s: verify(%q, %q): got %v, %v, want %v", c.name, c.hash, c.password, got, err, c.want)
		}
	}
}

// TestPasswordHashIsArgon2id compares with the function called as RFC 9106 describes it.
func TestPasswordHashIsArgon2id(t *testing.T) {
	t.Parallel()
	salt := []byte("0123456789abcdef")
	k, err := parsePHC(phc([]byte("password"), salt))
	wantNil(t, "parsePHC", err)
	if k.memory != 19456 || k.time != 2 || k.threads != 1 || !bytes.Equal(k.salt, salt) ||
		!bytes.Equal(k.hash, argon2.IDKey([]byte("password"), salt, 2, 19456, 1, 32)) {
		t.Errorf("parsePHC of phc: got %+v", k)
	}
	// Other costs verify too, so that the cost can be raised one day.
	cheap := "$argon2id$v=19$m=64,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$" + base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte("password"), salt, 1, 64, 2, 32))
	if ok, err := newHasher().verify(t.Context(), cheap, "password"); !ok || err != nil {
		t.Errorf("verify(%q): got %v, %v", cheap, ok, err)
	}
}

func TestBadHashesAreErrors(t *testing.T) {
	t.Parallel()
	good := phc([]byte("password"), []byte("0123456789abcdef"))
	for _, bad := range []string{
		"", "x", "$2a$10$abcdefghijklmnopqrstuu", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=19456", "m=999999999", 1), strings.Replace(good, "t=2", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1),
		good[:len(good)-30], good + "$x", good + "!",
	} {
		if ok, err := newHasher().verify(t.Context(), bad, "password"); ok || err == nil {
			t.Errorf("verify(%q): got %v, %v, want an error", bad, ok, err)
		}
	}
}

// TestHashesWaitForASlot: two at once, a bounded number waits, and who goes away does not wait.
func TestHashesWaitForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher()
		var free []func()
		for range hashSlots {
			f, err := h.slot(t.Context())
			wantNil(t, "slot", err)
			free = append(free, f)
		}
		ctx, cancel := context.WithCancel(t.Context())
		results := make(chan error, hashWaiters)
		for range hashWaiters {
			go func() {
				_, err := h.hash(ctx, "x")
				results <- err
			}()
		}
		synctest.Wait()
		if len(results) != 0 {
			t.Errorf("%d hashes were made beyond %d slots", len(results), hashSlots)
		}
		_, err := h.verify(t.Context(), h.dummy, "x")
		wantError(t, "one more than may wait", err, CodeSlowDown, "")
		cancel()
		for range hashWaiters {
			if err := <-results; !errors.Is(err, context.Canceled) {
				t.Errorf("a waiter that went away: got %v, want context.Canceled", err)
			}
		}
		free[0]()
		_, err = h.hash(t.Context(), "x")
		wantNil(t, "after a slot was given back", err)
	})
}

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	personal := []string{"ada.lovelace@example.com", "Ada Lovelace", "Analytical Engines"}
	for password, fine := range map[string]bool{
		// Length, in characters.
		"":                         false,
		"k7#mQ2x":                  false,
		"k7#mQ2xz":                 true,
		"ключ ж8":                  false,
		"ключ ж8щ":                 true,
		"🐎🔋📎🐎🔋📎🔑":                  false,
		"🐎🔋📎🪥🧲🔑🧀🛶":                 true,
		strings.Repeat("xK9.", 32): false, // a repetition, see below
		"j9" + strings.Repeat("correct horse ", 9):  true,  // 128
		"j9x" + strings.Repeat("correct horse ", 9): false, // 129
		strings.Repeat("🐎🔋🔑🧀🧲🛶 ", 19):               false, // 133 characters, 475 bytes
		"k7#mQ2x\xff": false,
		// Any characters.
		"        x1 y":         true,
		"correct horse":        true,
		"тяжёлый пароль":       true,
		"' OR 1=1 -- \x00\x01": true,
		// Tried first, and simple variations.
		"password":         false,
		"password123":      false,
		"Password123!":     false,
		"P@ssw0rd":         false,
		"p455w0rd!!":       false,
		"qwertyuiop":       false,
		"QWERTY123":        false,
		"1qaz2wsx":         false,
		"iloveyou":         false,
		"ilovejessica":     false,
		"dragon2024":       false,
		"Summer2026!":      false,
		"!!monkey!!":       false,
		"welcome1234":      false,
		"nairobi2025":      false,
		"trustno1":         false,
		"12345678":         false,
		"123456789012":     false,
		"87654321":         false,
		"abcdefgh":         false,
		"hgfedcba":         false,
		"aaaaaaaa":         false,
		"abcabcabc":        false,
		"12121212":         false,
		"19870612":         false,
		"12.06.1987":       false,
		"06-12-1987":       false,
		"71936254":         true,
		"dragonfly lamp 9": true,
		// About the person.
		"ada.lovelace@example.com": false,
		"Ada.Lovelace":             false,
		"ada lovelace":             false,
		"adalovelace":              false,
		"analytical engines":       false,
		"ada lovelace's dog":       true,
	} {
		err := checkPassword("password", password, personal...)
		if fine && err != nil {
			t.Errorf("%q: got %v, want it accepted", password, err)
		}
		if !fine {
			wantError(t, password, err, CodePasswordWeak, "password")
		}
	}
}

func TestCommonListIsSortedAndLowerCase(t *testing.T) {
	t.Parallel()
	var words []string
	for line := range strings.Lines(commonText) {
		if word := strings.TrimSpace(line); !strings.HasPrefix(word, "#") {
			words = append(words, word)
		}
	}
	if len(words) < 3000 || len(words) != len(common()) {
		t.Errorf("the list has %d lines and %d words, want 3000 and more, each once", len(words), len(common()))
	}
	if !slices.IsSorted(words) {
		t.Error("the list is not sorted")
	}
	for _, w := range words {
		if w != strings.ToLower(w) || len(w) < 4 {
			t.Errorf("%q is not a lower-case word of four characters or more", w)
		}
	}
}
