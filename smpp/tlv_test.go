package smpp

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// tags lists the tags of the standard.
func tags() []Tag {
	var all []Tag
	for t := range Tag(0x2000) {
		if t.name() != "" {
			all = append(all, t)
		}
	}
	return all
}

// TestTags: SMPP 3.4 has 44 parameters, SMPP 5.0 adds 20, of which 11 are for broadcast. Each has its lengths, and each
// but those for broadcast a getter and a setter by its name.
func TestTags(t *testing.T) {
	t.Parallel()
	methods := map[string]reflect.Method{}
	for m := range reflect.TypeFor[*TLVs]().Methods() {
		methods[strings.ToLower(m.Name)] = m
	}
	all := tags()
	accessible := 0
	for _, tag := range all {
		least, most, ok := tag.lengths()
		if !ok || least > most || tag.String() != tag.name() || tag.IsVendor() {
			t.Errorf("%s: lengths %d to %d, %v", tag, least, most, ok)
		}
		if strings.HasPrefix(tag.name(), "broadcast_") {
			continue
		}
		name := strings.ReplaceAll(tag.name(), "_", "")
		get, set := methods[name], methods["set"+name]
		if !get.Func.IsValid() || !set.Func.IsValid() {
			t.Errorf("%s has no getter or no setter", tag)
			continue
		}
		accessible++
		// The two agree on the type, the tag, and a value of each length that the standard allows.
		if get.Type.Out(0) != set.Type.In(1) {
			t.Errorf("%s: the getter gives %s, the setter takes %s", tag, get.Type.Out(0), set.Type.In(1))
		}
		var l TLVs
		set.Func.Call([]reflect.Value{reflect.ValueOf(&l), sampleOf(get.Type.Out(0), most)})
		if len(l) != 1 || l[0].Tag != tag || l[0].Check() != nil {
			t.Errorf("%s: set gives %v, check %v", tag, l, l.Check())
		}
		out := get.Func.Call([]reflect.Value{reflect.ValueOf(&l)})
		if !out[1].Bool() || !reflect.DeepEqual(out[0].Interface(), sampleOf(get.Type.Out(0), most).Interface()) {
			t.Errorf("%s: set %v, got %v, %v", tag, sampleOf(get.Type.Out(0), most), out[0], out[1])
		}
		if out := get.Func.Call([]reflect.Value{reflect.ValueOf(&TLVs{})}); out[1].Bool() {
			t.Errorf("%s: there is one in an empty list", tag)
		}
	}
	if len(all) != 64 || accessible != 53 {
		t.Errorf("%d tags, %d of them with accessors; want 64 and 53", len(all), accessible)
	}
	if got := Tag(0x1403); got.String() != "0x1403" || !got.IsVendor() {
		t.Errorf("vendor tag: %s, %v", got, got.IsVendor())
	}
}

// sampleOf makes a value that is not zero, of at most that many octets if it is octets.
func sampleOf(t reflect.Type, most int) reflect.Value {
	v := reflect.New(t).Elem()
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(3)
	case reflect.Uint16:
		v.SetUint(0x0102)
	case reflect.Int64: // a duration
		v.SetInt(int64(3 * time.Hour))
	case reflect.String:
		v.SetString("123456")
	case reflect.Slice:
		v.SetBytes([]byte("0123456789")[:min(most, 10)])
	case reflect.Struct:
		for i := range v.NumField() {
			v.Field(i).Set(sampleOf(v.Field(i).Type(), most))
		}
	}
	if t == reflect.TypeFor[MSValidity]() {
		v.Field(0).SetUint(uint64(ValidityRelative))
	}
	return v
}

func TestTLVs(t *testing.T) {
	t.Parallel()
	var l TLVs
	l.SetSourcePort(1)
	l.Add(TagCallbackNum, []byte("a"))
	l.SetDestinationPort(2)
	l.Add(TagCallbackNum, []byte("b"))
	l.Add(0x1400, nil)
	l.Add(TagCallbackNum, []byte("c"))
	var got []string
	for v := range l.All(TagCallbackNum) {
		got = append(got, string(v))
	}
	if !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("All: %q", got)
	}
	for range l.All(TagCallbackNum) {
		break // must not go on
	}
	if v, ok := l.Value(TagCallbackNum); !ok || string(v) != "a" {
		t.Errorf("Value: %q, %v, want the first", v, ok)
	}
	if v, ok := l.Value(0x1400); !ok || v != nil {
		t.Errorf("Value of an empty one: %q, %v", v, ok)
	}
	c := l.Clone()
	l.Set(TagCallbackNum, []byte("d"))
	want := TLVs{{TagSourcePort, []byte{0, 1}}, {TagCallbackNum, []byte("d")}, {TagDestinationPort, []byte{0, 2}}, {0x1400, nil}}
	if !reflect.DeepEqual(l, want) {
		t.Errorf("Set: %v, want %v", l, want)
	}
	l.Delete(TagCallbackNum)
	if want := slices.Delete(want, 1, 2); !reflect.DeepEqual(l, want) {
		t.Errorf("Delete: %v, want %v", l, want)
	}
	c[0].Value[1] = 9
	if port, _ := l.SourcePort(); port != 1 || len(c) != 6 {
		t.Errorf("Clone: %v changes %v", c, l)
	}
}

// TestTolerantAccessors: what is met in the wild.
func TestTolerantAccessors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value []byte
		want  uint16
		ok    bool
	}{
		{nil, 0, false},
		{[]byte{7}, 7, true},
		{[]byte{1, 7}, 0x107, true},
		{[]byte{0, 0, 1, 7}, 0x107, true},
		{[]byte{0, 1, 0, 7}, 0, false},
		{[]byte{0, 0, 0, 0, 7}, 0, false},
	} {
		if got, ok := (TLVs{{TagSARMsgRefNum, c.value}}).SARMsgRefNum(); got != c.want || ok != c.ok {
			t.Errorf("sar_msg_ref_num %X: %d, %v; want %d, %v", c.value, got, ok, c.want, c.ok)
		}
	}
	for value, want := range map[string]string{"": "", "\x00": "", "3f2a91": "3f2a91", "3f2a91\x00": "3f2a91", "3f\x00\x00\x00": "3f"} {
		if got, ok := (TLVs{{TagReceiptedMessageID, []byte(value)}}).ReceiptedMessageID(); !ok || got != want {
			t.Errorf("receipted_message_id %q: %q, %v; want %q", value, got, ok, want)
		}
	}
	for _, c := range []struct {
		value []byte
		want  AlertPriority
		ok    bool
	}{{nil, AlertDefault, true}, {[]byte{3}, AlertHigh, true}, {[]byte{0, 3}, 0, false}} {
		if got, ok := (TLVs{{TagAlertOnMessageDelivery, c.value}}).AlertOnMessageDelivery(); got != c.want || ok != c.ok {
			t.Errorf("alert_on_message_delivery %X: %v, %v; want %v, %v", c.value, got, ok, c.want, c.ok)
		}
	}
	for _, c := range []struct {
		value []byte
		want  MSValidity
		ok    bool
	}{
		{[]byte{2}, MSValidity{Behaviour: ValidityRegistrationArea}, true},
		{[]byte{4, 2, 1, 0}, MSValidity{ValidityRelative, 2, 256}, true},
		{[]byte{4, 2}, MSValidity{}, false},
		{nil, MSValidity{}, false},
	} {
		got, ok := (TLVs{{TagMSValidity, c.value}}).MSValidity()
		if got != c.want || ok != c.ok || ok && !bytes.Equal(got.append(nil), c.value) {
			t.Errorf("ms_validity %X: %v, %v; want %v, %v", c.value, got, ok, c.want, c.ok)
		}
	}
	// Composite values that are too short or too long are not there.
	for _, tag := range []Tag{TagNetworkErrorCode, TagITSSessionInfo, TagMSMsgWaitFacilities, TagCallbackNumPresInd} {
		least, _, _ := tag.lengths()
		for _, n := range []int{0, least - 1, least + 1} {
			l := TLVs{{tag, make([]byte, n)}}
			_, a := l.NetworkErrorCode()
			_, b := l.ITSSessionInfo()
			_, c := l.MSMsgWaitFacilities()
			_, d := l.CallbackNumPresInd()
			if a || b || c || d {
				t.Errorf("%s of %d octets is taken", tag, n)
			}
		}
	}
	if _, ok := ParseCallbackNum([]byte{1, 1}); ok {
		t.Error("a call-back number of two octets is taken")
	}
}

// TestBits: layouts of composite parameters, from the standard's tables.
func TestBits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set  func(*TLVs)
		want []byte
	}{
		{func(l *TLVs) { l.SetNetworkErrorCode(NetworkErrorCode{ErrorGSM, 0x011B}) }, []byte{3, 1, 0x1B}},
		{func(l *TLVs) { l.SetITSSessionInfo(ITSSessionInfo{5, 3, true}) }, []byte{5, 7}},
		{func(l *TLVs) { l.SetITSSessionInfo(ITSSessionInfo{5, 127, false}) }, []byte{5, 0xFE}},
		{func(l *TLVs) { l.SetMSMsgWaitFacilities(MSMsgWaitFacilities{true, WaitingEmail}) }, []byte{0x82}},
		{func(l *TLVs) { l.SetMSMsgWaitFacilities(MSMsgWaitFacilities{false, WaitingVoicemail}) }, []byte{0}},
		{func(l *TLVs) { l.SetCallbackNumPresInd(CallbackNumPresInd{PresentationRestricted, ScreeningNetwork}) }, []byte{7}},
		{func(l *TLVs) { l.SetCallbackNum(CallbackNum{true, 1, 1, "123"}) }, []byte("\x01\x01\x01123")},
		{func(l *TLVs) { l.SetCallbackNumAtag(CallbackNumAtag{DataCodingLatin1, "Bar"}) }, []byte("\x03Bar")},
		{func(l *TLVs) { l.SetSourceSubaddress(Subaddress{0xA0, "12"}) }, []byte("\xa012")},
		{func(l *TLVs) { l.SetAlertOnMessageDelivery(AlertDefault) }, nil},
		{func(l *TLVs) { l.SetMoreMessagesToSend(false) }, []byte{0}},
		{func(l *TLVs) { l.SetSourceNodeID("000123") }, []byte("000123")},
		{func(l *TLVs) { l.SetReceiptedMessageID("1") }, []byte("1\x00")},
		{func(l *TLVs) { l.SetQOSTimeToLive(time.Second + 1) }, []byte{0, 0, 0, 2}},
		{func(l *TLVs) { l.SetQOSTimeToLive(-time.Second) }, []byte{0, 0, 0, 0}},
		{func(l *TLVs) { l.SetQOSTimeToLive(1<<63 - 1) }, []byte{0xFF, 0xFF, 0xFF, 0xFF}},
	} {
		var l TLVs
		c.set(&l)
		if len(l) != 1 || !bytes.Equal(l[0].Value, c.want) {
			t.Errorf("%s: % X, want % X", l[0].Tag, l[0].Value, c.want)
		}
	}
	l := TLVs{{TagCallbackNumPresInd, []byte{0x07}}, {TagITSSessionInfo, []byte{5, 7}}, {TagMSMsgWaitFacilities, []byte{0x82}}, {TagNetworkErrorCode, []byte{3, 1, 0x1B}}}
	if v, _ := l.CallbackNumPresInd(); v != (CallbackNumPresInd{PresentationRestricted, ScreeningNetwork}) {
		t.Errorf("callback_num_pres_ind 07: %+v", v)
	}
	if v, _ := l.ITSSessionInfo(); v != (ITSSessionInfo{5, 3, true}) {
		t.Errorf("its_session_info 05 07: %+v", v)
	}
	if v, _ := l.MSMsgWaitFacilities(); v != (MSMsgWaitFacilities{true, WaitingEmail}) {
		t.Errorf("ms_msg_wait_facilities 82: %+v", v)
	}
	if v, _ := l.NetworkErrorCode(); v != (NetworkErrorCode{ErrorGSM, 0x011B}) {
		t.Errorf("network_error_code 03 01 1B: %+v", v)
	}
}

func TestTLVCheck(t *testing.T) {
	t.Parallel()
	for _, tag := range tags() {
		least, most, _ := tag.lengths()
		for n, want := range map[int]bool{least: true, most: true, least - 1: false, most + 1: false} {
			if n < 0 || n > 0xFFFF {
				continue
			}
			err := TLVs{{0x1400, make([]byte, 5000)}, {tag, make([]byte, n)}}.Check()
			if (err == nil) != want || err != nil && !errors.Is(err, ErrLength) {
				t.Errorf("%s with %d octets: %v", tag, n, err)
			}
		}
	}
}
