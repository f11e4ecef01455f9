package httpd

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// cursors makes and reads the cursors of lists. A cursor holds the last id of a page and a MAC over
// it, the workspace and the query: it is of use to nobody else and in no other list.
type cursors struct{ key []byte }

const (
	cursorMAC = 16
	cursorLen = 8 + cursorMAC
)

// make returns the cursor of the page after id, "" for zero.
func (k cursors) make(workspace smsir.UUID, query string, id smsir.ID) string {
	if id == 0 {
		return ""
	}
	raw := make([]byte, 8, cursorLen)
	binary.BigEndian.PutUint64(raw, uint64(id))
	raw = append(raw, k.mac(workspace, query, raw)...)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// read returns the id in a cursor; 0 for "".
func (k cursors) read(workspace smsir.UUID, query, cursor string) (smsir.ID, error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != cursorLen || !hmac.Equal(raw[8:], k.mac(workspace, query, raw[:8])) {
		return 0, smsir.Errorf(api.CodeCursorInvalid, "The cursor is not one of this list with these filters.")
	}
	return smsir.ID(binary.BigEndian.Uint64(raw)), nil
}

// makeMark and readMark are make and read for lists that are not ordered by an id: the mark is whatever tells where the
// next page begins.
func (k cursors) makeMark(workspace smsir.UUID, query string, mark []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(k.mac(workspace, query, mark), mark...))
}

func (k cursors) readMark(workspace smsir.UUID, query, cursor string) ([]byte, error) {
	if cursor == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) <= cursorMAC || !hmac.Equal(raw[:cursorMAC], k.mac(workspace, query, raw[cursorMAC:])) {
		return nil, smsir.Errorf(api.CodeCursorInvalid, "The cursor is not one of this list with these filters.")
	}
	return raw[cursorMAC:], nil
}

func (k cursors) mac(workspace smsir.UUID, query string, id []byte) []byte {
	m := hmac.New(sha256.New, k.key)
	m.Write(workspace[:])
	m.Write(id)
	m.Write([]byte(query))
	return m.Sum(nil)[:cursorMAC]
}
