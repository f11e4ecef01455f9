package upstream_test

import (
	"context"
	"errors"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/upstream"
)

// asked is a provider that can be asked; what it says depends on the account it was opened with.
type asked struct {
	smsir.Provider
	checkErr, balanceErr error
}

func (a asked) CheckCredentials(context.Context) error { return a.checkErr }

func (a asked) Balance(context.Context) (smsir.Balance, error) {
	return smsir.Balance{Amount: "12.50", Currency: "USD"}, a.balanceErr
}

// onlyBalance tells its balance and cannot check credentials.
type onlyBalance struct {
	smsir.Provider
	err error
}

func (b onlyBalance) Balance(context.Context) (smsir.Balance, error) {
	return smsir.Balance{Amount: "-1", Currency: "KES"}, b.err
}

func TestCheck(t *testing.T) {
	t.Parallel()
	refused := smsir.Errorf(smsir.CodeCredentialsRefused, "Enter the token again.")
	unreachable := smsir.Errorf(smsir.CodeProviderUnreachable, "No answer.")
	for name, c := range map[string]struct {
		provider smsir.Provider
		verdict  upstream.CheckVerdict
		text     string
		balance  string
	}{
		"accepted":                {asked{}, upstream.CheckAccepted, "", "12.50"},
		"balance fails":           {asked{balanceErr: unreachable}, upstream.CheckAccepted, "", ""},
		"refused":                 {asked{checkErr: refused}, upstream.CheckRefused, "Enter the token again.", ""},
		"unreachable":             {asked{checkErr: unreachable}, upstream.CheckUnreachable, "No answer.", ""},
		"a fault":                 {asked{checkErr: errors.New("boom")}, upstream.CheckUnreachable, "The provider gave no usable answer. Check the address and the network, and try again.", ""},
		"balance only":            {onlyBalance{}, upstream.CheckAccepted, "", "-1"},
		"balance only, refused":   {onlyBalance{err: refused}, upstream.CheckRefused, "Enter the token again.", ""},
		"cannot be asked at all":  {&fakeProvider{}, upstream.CheckNotOffered, "This kind of provider has no way to try the credentials. Send a test message instead.", ""},
		"balance only, no answer": {onlyBalance{err: unreachable}, upstream.CheckUnreachable, "No answer.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := smsir.ProviderKind{Name: "asked", Title: "Asked", Open: func(smsir.ProviderConfig) (smsir.Provider, error) { return c.provider, nil }}
			f := newFixture(t, kind)
			p, err := f.Create(t.Context(), f.workspace, upstream.Draft{Kind: "asked", Name: "Asked"}, upstream.By{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Check(t.Context(), *p)
			if err != nil {
				t.Fatal(err)
			}
			balance := ""
			if got.Balance != nil {
				balance = got.Balance.Amount
			}
			if got.Verdict != c.verdict || got.Text != c.text || balance != c.balance || !got.At.Equal(start) {
				t.Errorf("got %s %q, balance %q at %v; want %s %q, %q", got.Verdict, got.Text, balance, got.At, c.verdict, c.text, c.balance)
			}
		})
	}
}
