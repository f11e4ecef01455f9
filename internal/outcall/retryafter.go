package outcall

import (
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter bounds what an answer may make us wait.
const maxRetryAfter = time.Hour

// RetryAfter reads the header of that name (RFC 9110 §10.2.3), at most an hour; 0 when it says nothing.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return min(max(time.Duration(min(seconds, 1<<20))*time.Second, 0), maxRetryAfter)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
