package outcall

import "bytes"

// framing follows the bytes of the answers on a connection far enough to tell where each ends. net/http takes what comes
// behind an answer for the answer to the next request, if that one is there at the moment: on a connection whose server answered twice
// a message would be believed to be accepted that the server has never seen.
type framing struct {
	read  int64  // bytes since the request began
	head  int64  // where the head of the answer ends, among them; 0: not yet
	due   int64  // where the answer ends; -1: nobody knows
	start []byte // of the head: one of 1xx comes before the one that counts
	match int    // bytes of endOfHead that were read last
}

const (
	endOfHead   = "\r\n\r\n"
	interimMark = "HTTP/1.x 1"
)

// begin starts the next request. It reports whether what came since the last one was its answer and no more, as far as it can be told.
func (f *framing) begin() (clean bool) {
	clean = f.due < 0 || f.read <= f.due
	*f = framing{due: -1, start: f.start[:0]}
	return clean
}

// add takes bytes that came.
func (f *framing) add(b []byte) {
	for i := 0; i < len(b) && f.head == 0; i++ {
		if len(f.start) < len(interimMark) {
			f.start = append(f.start, b[i])
		}
		switch {
		case b[i] == endOfHead[f.match]:
			f.match++
		case b[i] == endOfHead[0]:
			f.match = 1
		default:
			f.match = 0
		}
		if f.match < len(endOfHead) {
			continue
		}
		f.match = 0
		if interim(f.start) {
			f.start = f.start[:0]
			continue
		}
		f.head = f.read + int64(i) + 1
	}
	f.read += int64(len(b))
}

func interim(start []byte) bool {
	return len(start) == len(interimMark) && bytes.HasPrefix(start, []byte("HTTP/1.")) && start[len(interimMark)-1] == '1'
}

// answered tells how long the body of the answer is; negative if that is not known.
func (f *framing) answered(length int64) {
	if f.head > 0 && length >= 0 {
		f.due = f.head + length
	}
}
