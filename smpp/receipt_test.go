package smpp

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"
)

func TestParseReceipt(t *testing.T) {
	t.Parallel()
	full := Receipt{
		MessageID: "3f2a91", Sub: "001", Dlvrd: "001", SubmitDate: "2611231457", DoneDate: "2611231458",
		Stat: "DELIVRD", State: StateDelivered, Err: "000", Text: "Hello",
	}
	with := func(change func(*Receipt)) Receipt {
		r := full
		change(&r)
		return r
	}
	const standard = "id:3f2a91 sub:001 dlvrd:001 submit date:2611231457 done date:2611231458 stat:DELIVRD err:000 text:Hello"
	for _, c := range []struct {
		name, text string
		want       Receipt
	}{
		{"Appendix B", standard, full},
		{"Text with a capital", strings.Replace(standard, "text:", "Text:", 1), full},
		{"all in capitals", "ID:3f2a91 SUB:001 DLVRD:001 SUBMIT DATE:2611231457 DONE DATE:2611231458 STAT:DELIVRD ERR:000 TEXT:Hello", full},
		{"another order", "stat:DELIVRD err:000 done date:2611231458 submit date:2611231457 dlvrd:001 sub:001 id:3f2a91 text:Hello", full},
		{"without sub and dlvrd", strings.Replace(standard, "sub:001 dlvrd:001 ", "", 1), with(func(r *Receipt) { r.Sub, r.Dlvrd = "", "" })},
		{"without text", strings.TrimSuffix(standard, " text:Hello"), with(func(r *Receipt) { r.Text = "" })},
		{"empty text", strings.TrimSuffix(standard, "Hello"), with(func(r *Receipt) { r.Text = "" })},
		{"spaces after the colons", "id: 3f2a91 sub: 001 dlvrd: 001 submit date: 2611231457 done date: 2611231458 stat: DELIVRD err: 000 text:Hello", full},
		{"commas", strings.NewReplacer(" sub", ", sub", " dlvrd", ", dlvrd", " submit", ", submit", " done", ", done", " stat", ", stat", " err", ", err", " text", ", text").Replace(standard), full},
		{"several spaces and lines", strings.NewReplacer(" sub:", "  sub:", " stat", "\r\nstat").Replace(standard), full},
		{"underscores", strings.NewReplacer("submit date", "submit_date", "done date", "done_date").Replace(standard), full},
		{"joined names", strings.NewReplacer("submit date", "submitdate", "done date", "donedate", "stat:", "status:", "err:", "error:").Replace(standard), full},
		{"NUL at the end", standard + "\x00", full},
		{"seconds in the dates", strings.NewReplacer("2611231457", "261123145700", "2611231458", "20261123145801").Replace(standard), with(func(r *Receipt) {
			r.SubmitDate, r.DoneDate = "261123145700", "20261123145801"
		})},
		{"dates with punctuation", strings.NewReplacer("2611231457", "2026-11-23 14:57:00", "2611231458", "2026-11-23T14:58:01").Replace(standard), with(func(r *Receipt) {
			r.SubmitDate, r.DoneDate = "2026-11-23 14:57:00", "2026-11-23T14:58:01"
		})},
		{"zero date", strings.Replace(standard, "2611231458", "0000000000", 1), with(func(r *Receipt) { r.DoneDate = "0000000000" })},
		{"failed by a word of the carrier", strings.Replace(standard, "DELIVRD", "FAILED", 1), with(func(r *Receipt) { r.Stat, r.State = "FAILED", StateUnknown })},
		{"delivered with an error", strings.Replace(standard, "err:000", "err:002", 1), with(func(r *Receipt) { r.Err = "002" })},
		{"error in letters", strings.Replace(standard, "err:000", "err:EA10", 1), with(func(r *Receipt) { r.Err = "EA10" })},
		{"lower case state", strings.Replace(standard, "DELIVRD", "delivrd", 1), with(func(r *Receipt) { r.Stat = "delivrd" })},
		{"hexadecimal id", strings.Replace(standard, "3f2a91", "0x003F2A91", 1), with(func(r *Receipt) { r.MessageID = "0x003F2A91" })},
		{"UUID", strings.Replace(standard, "3f2a91", "4e5f0c1e-7d0a-4c6b-9b1e-0c2d7b8a9f10", 1), with(func(r *Receipt) { r.MessageID = "4e5f0c1e-7d0a-4c6b-9b1e-0c2d7b8a9f10" })},
		{"empty id", strings.Replace(standard, "3f2a91", "", 1), with(func(r *Receipt) { r.MessageID = "" })},
		{"empty id and space", strings.Replace(standard, "3f2a91", " ", 1), with(func(r *Receipt) { r.MessageID = "" })},
		{"fields of the carrier's own", strings.Replace(standard, " err:", " network:24801 price:0.01 err:", 1), full},
		{"text with fields in it", strings.Replace(standard, "Hello", "id:99 stat:EXPIRED err:9", 1), with(func(r *Receipt) { r.Text = "id:99 stat:EXPIRED err:9" })},
		{"the same field twice", standard[:len(standard)-len("text:Hello")] + "stat:EXPIRED text:Hello", full},
		{"UTF-8 in the text", strings.Replace(standard, "Hello", "Привет 👍", 1), with(func(r *Receipt) { r.Text = "Привет 👍" })},
		{"octets in the text", strings.Replace(standard, "Hello", "\xff\x00\x01", 1), with(func(r *Receipt) { r.Text = "\xff\x00\x01" })},
		{"text in the middle", "id:3f2a91 sub:001 dlvrd:001 text:Hello submit date:2611231457 done date:2611231458 stat:DELIVRD err:000", full},
		{"text first", "text:Hello id:3f2a91 sub:001 dlvrd:001 submit date:2611231457 done date:2611231458 stat:DELIVRD err:000", full},
		{"text in the middle that lies", "id:3f2a91 text:id:99 stat:EXPIRED, no? stat:DELIVRD err:000", Receipt{
			MessageID: "3f2a91", Stat: "DELIVRD", State: StateDelivered, Err: "000", Text: "id:99 stat:EXPIRED, no?",
		}},
		{"no state but in the text", "id:3f2a91 text:stat:EXPIRED is what they say", Receipt{MessageID: "3f2a91", State: StateUnknown, Text: "stat:EXPIRED is what they say"}},
		{"only an id", "id:3f2a91", Receipt{MessageID: "3f2a91", State: StateUnknown}},
		{"only a state", "stat:UNDELIV", Receipt{Stat: "UNDELIV", State: StateUndeliverable}},
	} {
		got, err := ParseReceipt([]byte(c.text))
		if err != nil || got != c.want {
			t.Errorf("%s: %q\n got %+v, %v\nwant %+v", c.name, c.text, got, err, c.want)
		}
	}
	ucs2 := []byte{}
	for _, u := range utf16.Encode([]rune(strings.Replace(standard, "Hello", "Привет 👍", 1))) {
		ucs2 = append(ucs2, byte(u>>8), byte(u))
	}
	if got, err := ParseReceipt(ucs2); err != nil || got != with(func(r *Receipt) { r.Text = "Привет 👍" }) {
		t.Errorf("UCS-2: %+v, %v", got, err)
	}
	for _, text := range []string{"", " ", "Hello", "STOP", "identity: none", "id", "id:", "stat:", "id: stat: text:stat", "\x00i", "text:", "text:id:1"} {
		if got, err := ParseReceipt([]byte(text)); !errors.Is(err, ErrReceipt) {
			t.Errorf("%q: %+v, %v; want %v", text, got, err, ErrReceipt)
		}
	}
}

// TestLongReceipts: time and memory grow with the text, not faster.
func TestLongReceipts(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"x", "id:1 ", "text:", " ", "stat:X, ", "id: ", "submit date:1 2 "} {
		text := strings.Repeat(piece, 100<<10/len(piece))
		got, err := ParseReceipt([]byte("id:7 stat:DELIVRD " + text))
		if err != nil || got.MessageID != "7" || got.State != StateDelivered {
			t.Errorf("100 KiB of %q: %q %v, %v", piece, got.MessageID, got.State, err)
		}
		if _, err := ParseReceipt([]byte("text:" + text + "!")); !errors.Is(err, ErrReceipt) {
			t.Errorf("100 KiB of %q as text: %v", piece, err)
		}
	}
}

// TestDeliverSMReceipt: TLVs win over the text, and either is enough.
func TestDeliverSMReceipt(t *testing.T) {
	t.Parallel()
	text := "id:1059473 stat:ACCEPTD err:000 text:Hi"
	tlvs := TLVs{{TagReceiptedMessageID, []byte("102A91\x00")}, {TagMessageState, []byte{5}}, {TagNetworkErrorCode, []byte{3, 0, 27}}}
	fromText := Receipt{MessageID: "1059473", Stat: "ACCEPTD", State: StateAccepted, Err: "000", Text: "Hi"}
	both := fromText
	both.MessageID, both.State, both.NetworkErrorCode = "102A91", StateUndeliverable, NetworkErrorCode{ErrorGSM, 27}
	for _, c := range []struct {
		name string
		p    DeliverSM
		want Receipt
		err  error
	}{
		{"text", DeliverSM{ESMClass: TypeDeliveryReceipt, ShortMessage: []byte(text)}, fromText, nil},
		{"payload", DeliverSM{ESMClass: TypeDeliveryReceipt, TLVs: TLVs{{TagMessagePayload, []byte(text)}}}, fromText, nil},
		{"behind a header", DeliverSM{ESMClass: TypeDeliveryReceipt | FeatureUDHI, ShortMessage: []byte("\x03\x24\x01\x01" + text)}, fromText, nil},
		{"text and TLVs", DeliverSM{ESMClass: TypeDeliveryReceipt, ShortMessage: []byte(text), TLVs: tlvs}, both, nil},
		{"TLVs", DeliverSM{ESMClass: TypeDeliveryReceipt, TLVs: tlvs}, Receipt{MessageID: "102A91", State: StateUndeliverable, NetworkErrorCode: both.NetworkErrorCode}, nil},
		{"only the id", DeliverSM{ESMClass: TypeDeliveryReceipt, TLVs: tlvs[:1]}, Receipt{MessageID: "102A91", State: StateUnknown}, nil},
		{"only the state", DeliverSM{ESMClass: TypeDeliveryReceipt, TLVs: tlvs[1:2]}, Receipt{State: StateUndeliverable}, nil},
		{"empty TLV", DeliverSM{ESMClass: TypeDeliveryReceipt, ShortMessage: []byte(text), TLVs: TLVs{{TagReceiptedMessageID, []byte{0}}}}, fromText, nil},
		{"no text that can be read", DeliverSM{ESMClass: TypeDeliveryReceipt, ShortMessage: []byte("Delivered!")}, Receipt{State: StateUnknown}, ErrReceipt},
		{"nothing", DeliverSM{ESMClass: TypeDeliveryReceipt}, Receipt{State: StateUnknown}, ErrReceipt},
	} {
		got, err := c.p.Receipt()
		if got != c.want || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %+v, %v\nwant %+v, %v", c.name, got, err, c.want, c.err)
		}
	}
	data := DataSM{ESMClass: TypeDeliveryReceipt, TLVs: append(TLVs{{TagMessagePayload, []byte(text)}}, tlvs...)}
	if got, err := data.Receipt(); err != nil || got != both {
		t.Errorf("data_sm: %+v, %v; want %+v", got, err, both)
	}
}

// TestReceiptRoundTrip: what AppendText writes, ParseReceipt reads.
func TestReceiptRoundTrip(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[A-Za-z0-9._/-]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		r := Receipt{
			MessageID: word.Draw(t, "id"), Sub: word.Draw(t, "sub"), Dlvrd: word.Draw(t, "dlvrd"),
			SubmitDate: word.Draw(t, "submit date"), DoneDate: word.Draw(t, "done date"), Err: word.Draw(t, "err"),
			Stat: rapid.SampledFrom([]string{"DELIVRD", "EXPIRED", "UNDELIV", "FAILED", ""}).Draw(t, "stat"),
			Text: strings.TrimRight(rapid.String().Draw(t, "text"), "\x00"),
		}
		state, known := ParseStat(r.Stat)
		r.State = state
		text := r.AppendText([]byte("before"))
		got, err := ParseReceipt(text[len("before"):])
		if !known && r.Stat == "" {
			r.Stat = "UNKNOWN" // what is written for a state that is not known
		}
		if err != nil || got != r {
			t.Fatalf("%q\n got %+v, %v\nwant %+v", text, got, err, r)
		}
	})
}

func TestReceiptDates(t *testing.T) {
	t.Parallel()
	utc := func(y int, m time.Month, d, h, mi, s int) time.Time { return time.Date(y, m, d, h, mi, s, 0, time.UTC) }
	east := time.FixedZone("EAT", 3*3600)
	for _, c := range []struct {
		text string
		loc  *time.Location
		want time.Time
		ok   bool
	}{
		{"2611231458", nil, utc(2026, 11, 23, 14, 58, 0), true},
		{"2611231458", east, utc(2026, 11, 23, 11, 58, 0), true},
		{"261123145807", nil, utc(2026, 11, 23, 14, 58, 7), true},
		{"20261123145807", east, utc(2026, 11, 23, 11, 58, 7), true},
		{"202611231458", nil, utc(2026, 11, 23, 14, 58, 0), true}, // month 26 cannot be
		{"2026-11-23 14:58:07", nil, utc(2026, 11, 23, 14, 58, 7), true},
		{"2026-11-23T14:58", nil, utc(2026, 11, 23, 14, 58, 0), true},
		{"26/11/23 14:58", nil, utc(2026, 11, 23, 14, 58, 0), true},
		{"261123165807008+", east, utc(2026, 11, 23, 14, 58, 7), true},
		{"0000000000", nil, time.Time{}, true},
		{"000000000000", nil, time.Time{}, true},
		{"", nil, time.Time{}, true},
		{"2611311458", nil, time.Time{}, false},
		{"2613231458", nil, time.Time{}, false},
		{"26112314", nil, time.Time{}, false},
		{"261123145", nil, time.Time{}, false},
		{"20261323145807", nil, time.Time{}, false},
		{"261123145807000R", nil, time.Time{}, false},
		{"yesterday", nil, time.Time{}, false},
		{strings.Repeat("1", 100), nil, time.Time{}, false},
	} {
		got, err := ParseReceiptDate(c.text, c.loc)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrTime) || !got.Equal(c.want) {
			t.Errorf("%q: %v, %v; want %v, %v", c.text, got, err, c.want, c.ok)
		}
	}
	if got := ReceiptDate(utc(2026, 11, 23, 14, 58, 7)); got != "2611231458" {
		t.Errorf("ReceiptDate: %q", got)
	}
}
