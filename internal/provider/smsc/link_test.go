package smsc

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// TestWrongPassword: three tries, then a quarter of an hour of rest, which the messages are told; and then it works.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Bind: func(n int, _ *smpp.Bind) smpptest.Answer {
		if n <= 3 {
			return smpptest.Answer{Status: smpp.RINVPASWD}
		}
		return smpptest.Answer{}
	}}
	run(t, script, func(r *rig) {
		r.pass(10 * time.Minute)
		if got := len(r.far.smsc.Binds()); got != 3 {
			t.Errorf("%d binds in ten minutes, want 3", got)
		}
		_, failure := r.send(r.submission("x"))
		if failure == nil || failure.State != smsir.AttemptNotSent || failure.Class != smsir.ClassConfig || !strings.Contains(failure.Text, "password") {
			t.Errorf("meanwhile: got %+v, want not_sent of class config that names the password", failure)
		}
		if notes := strings.Join(r.c.Notes(), " "); !strings.Contains(notes, "RINVPASWD") {
			t.Errorf("notes %q do not say why nothing is bound", notes)
		}
		r.pass(6 * time.Minute)
		if _, failure := r.send(r.submission("x")); failure != nil {
			t.Errorf("after a quarter of an hour: %v", failure)
		}
	}, settingBinds, "2")
}

// TestReconnect: after a loss it binds again, soon at first and then less often; while it does not, nothing is sent.
func TestReconnect(t *testing.T) {
	t.Parallel()
	run(t, smpptest.Script{}, func(r *rig) {
		if _, failure := r.send(r.submission("x")); failure != nil {
			t.Fatal(failure)
		}
		r.far.down.Store(true)
		r.far.smsc.HangUp()
		r.pass(time.Millisecond)
		start := time.Now()
		_, failure := r.send(r.submission("x"))
		if failure == nil || failure.State != smsir.AttemptNotSent || failure.Class != smsir.ClassRetry || time.Since(start) != 5*time.Second {
			t.Errorf("while it is down: got %s after %v, want not_sent after 5 s", describe(failure), time.Since(start))
		}
		if c := r.c.Connections(); len(c) != 1 || c[0].Up || c[0].Error == "" {
			t.Errorf("connections %+v, want one that is down and says why", c)
		}
		r.pass(10 * time.Minute)
		r.far.down.Store(false)
		r.pass(time.Minute)
		if _, failure := r.send(r.submission("x")); failure != nil {
			t.Errorf("when it is back: %v", failure)
		}
		if c := r.c.Connections(); !c[0].Up || c[0].Window != 10 {
			t.Errorf("connections %+v, want one that is up", c)
		}
	})
}

// TestAlreadyBound: RALYBND is no wrong password; it waits until the carrier has noticed.
func TestAlreadyBound(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Bind: func(n int, _ *smpp.Bind) smpptest.Answer {
		if n <= 5 {
			return smpptest.Answer{Status: smpp.RALYBND}
		}
		return smpptest.Answer{}
	}}
	run(t, script, func(r *rig) {
		r.pass(29 * time.Second)
		if got := len(r.far.smsc.Binds()); got != 1 {
			t.Errorf("%d binds in 29 s, want 1", got)
		}
		r.pass(3 * time.Minute)
		if _, failure := r.send(r.submission("x")); failure != nil {
			t.Errorf("after five refusals: %v", failure)
		}
	})
}

// TestLostSession: a carrier that has forgotten the session gets a new bind, and the message goes again.
func TestLostSession(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Submit: func(n int, _ *smpp.SubmitSM) smpptest.Answer {
		if n == 1 {
			return smpptest.Answer{Status: smpp.RINVBNDSTS}
		}
		return smpptest.Answer{}
	}}
	run(t, script, func(r *rig) {
		if _, failure := r.send(r.submission("x")); failure == nil || failure.State != smsir.AttemptNotSent {
			t.Errorf("got %s, want not_sent", describe(failure))
		}
		if _, failure := r.send(r.submission("x")); failure != nil {
			t.Errorf("the next: %v", failure)
		}
		if got := len(r.far.smsc.Binds()); got != 2 {
			t.Errorf("%d binds, want 2", got)
		}
	})
}

// TestModes: which binds there are, and that all of them are used.
func TestModes(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		modeTransceiver: "[bind_transceiver bind_transceiver]",
		modeBoth:        "[bind_receiver bind_transmitter bind_transmitter]",
		modeTransmitter: "[bind_transmitter bind_transmitter]",
	} {
		run(t, smpptest.Script{SystemID: "carrier"}, func(r *rig) {
			r.pass(time.Second)
			count := map[string]int{}
			for _, b := range r.far.smsc.Binds() {
				count[b.Command.String()]++
				if b.SystemID != "smsir" || b.SystemType != "WEB" || b.InterfaceVersion != smpp.Version50 {
					t.Errorf("%s: bind %v", mode, b)
				}
			}
			var got []string
			for _, c := range []string{"bind_receiver", "bind_transceiver", "bind_transmitter"} {
				for range count[c] {
					got = append(got, c)
				}
			}
			if fmt.Sprint(got) != want {
				t.Errorf("%s: binds %v, want %s", mode, got, want)
			}
			got2, failure := r.send(r.submission("x"))
			if failure != nil || got2.NoReceipt != (mode == modeTransmitter) {
				t.Errorf("%s: got %+v, %v", mode, got2, failure)
			}
		}, settingMode, mode, settingBinds, "2", settingSystemType, "WEB", settingVersion, "5.0")
	}
}

func TestCheckCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		status := smpp.ROK
		far := newCarrierSide(t, smpptest.Script{Bind: func(int, *smpp.Bind) smpptest.Answer { return smpptest.Answer{Status: status} }})
		p, err := newKind(far.options()).Open(smsir.ProviderConfig{Settings: settings()})
		if err != nil {
			t.Fatal(err)
		}
		check := func() error { return p.(smsir.CredentialChecker).CheckCredentials(context.Background()) }
		if err := check(); err != nil {
			t.Errorf("right password: %v", err)
		}
		if status = smpp.RINVPASWD; smsir.CodeOf(check()) != smsir.CodeCredentialsRefused {
			t.Errorf("wrong password: %v", check())
		}
		if far.down.Store(true); smsir.CodeOf(check()) != smsir.CodeProviderUnreachable {
			t.Errorf("nobody there: %v", check())
		}
	})
}
