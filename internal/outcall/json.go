package outcall

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/smsir/smsir"
)

// NewJSON makes a request whose body is the JSON of v, or none when v is nil. The error is a [*smsir.SendError].
func NewJSON(ctx context.Context, method, address string, v any) (*http.Request, error) {
	var body io.Reader
	if v != nil {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, notSent(smsir.ClassPermanent, "bad_request", "The message cannot be written as a request.", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, notSent(smsir.ClassConfig, "bad_address", "The address of the API cannot be used.", err)
	}
	req.Header.Set("Accept", "application/json")
	if v != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// ValidBase reports whether an address can have paths put behind it.
func ValidBase(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

// Ask sends a request that changes nothing, and reads the JSON of its answer into v. Its errors are those of
// [smsir.CredentialChecker]; provider is the name for their sentences.
func (c *Client) Ask(ctx context.Context, req *http.Request, provider string, v any) error {
	answer, err := c.Do(ctx, req)
	if err != nil {
		return unreachable(err, "%s cannot be reached. Check the network of this server, and the address of the API if one is set.", provider)
	}
	switch {
	case answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden:
		return smsir.Errorf(smsir.CodeCredentialsRefused, "%s does not accept the credentials. Check them in its console, and enter them again.", provider)
	case answer.Status == http.StatusTooManyRequests:
		return unreachable(nil, "%s asks to slow down. Try again in a minute.", provider)
	case answer.Status/100 != 2:
		return unreachable(nil, "%s answered with status %d, which does not tell whether the credentials are right. Try again later.", provider, answer.Status)
	}
	if answer.Truncated {
		return unreachable(nil, "%s gave an answer that is too long.", provider)
	}
	if err := json.Unmarshal(answer.Body, v); err != nil {
		return unreachable(fmt.Errorf("read the answer: %w", err), "%s gave an answer that cannot be read. Check the address of the API if one is set.", provider)
	}
	return nil
}

func unreachable(cause error, format string, args ...any) error {
	err := smsir.Errorf(smsir.CodeProviderUnreachable, format, args...)
	err.Err = cause
	return err
}
