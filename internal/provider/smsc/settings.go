package smsc

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
)

// profile is how one carrier wants to be spoken to.
type profile struct {
	addresses []string
	bind      smpp.Bind
	mode      string
	binds     int
	window    int
	tls       *tls.Config

	to, number, short, name plan
	plus                    bool
	sender                  string

	alphabet    string
	gsm7, ucs2  smpp.DataCoding
	long        string
	registered  smpp.RegisteredDelivery
	validity    bool
	serviceType string
	reference   bool
	tlvs        smpp.TLVs
	network     []smpp.Tag // in receipts: of MCC and MNC, together or apart; none: the carrier does not tell

	codes map[smpp.CommandStatus]smsir.FailureClass
	words map[string]smsir.Status
	zone  *time.Location

	idForm                string
	enquireLink, response time.Duration

	queryAfter time.Duration // until query_sm, 0: never
	goneIsLost bool          // what query_sm does not find was not delivered
	cancels    bool          // with cancel_sm
}

// plan is TON and NPI of a kind of address.
type plan struct {
	ton smpp.TON
	npi smpp.NPI
}

// modes are the binds of the links.
func (p *profile) modes() (all []smpp.CommandID) {
	command := smpp.CommandBindTransceiver
	if p.mode != modeTransceiver {
		command = smpp.CommandBindTransmitter
	}
	for range p.binds {
		all = append(all, command)
	}
	if p.mode == modeBoth {
		all = append(all, smpp.CommandBindReceiver)
	}
	return all
}

// windowOfLink shares the window among the links that submit.
func (p *profile) windowOfLink() int { return max(1, (p.window+p.binds-1)/p.binds) }

func invalid(field, text string) error {
	err := smsir.Errorf(smsir.CodeInvalid, "%s", text)
	err.Field = field
	return err
}

// reader reads settings and keeps the first fault.
type reader struct {
	settings map[string]string
	err      error
}

func (r *reader) text(name string) string { return strings.TrimSpace(r.settings[name]) }

func (r *reader) fail(name, text string) {
	if r.err == nil {
		r.err = invalid(name, text)
	}
}

func (r *reader) required(name, text string) string {
	v := r.settings[name]
	if v == "" {
		r.fail(name, text)
	}
	return v
}

func (r *reader) choice(name, standard string, options []string) string {
	v := r.text(name)
	if v == "" {
		return standard
	}
	for _, o := range options {
		if o == v {
			return v
		}
	}
	r.fail(name, "Choose one of: "+strings.Join(options, ", ")+".")
	return standard
}

func (r *reader) number(name string, standard, least, most int) int {
	v := r.text(name)
	if v == "" {
		return standard
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		r.fail(name, "Write a number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most)+".")
	}
	return n
}

func (r *reader) flag(name string, standard bool) bool {
	if v := r.text(name); v != "" {
		return v == "true"
	}
	return standard
}

func (r *reader) plan(name, standard string) plan {
	v := r.text(name)
	if v == "" {
		v = standard
	}
	ton, npi, ok := strings.Cut(v, "/")
	t, err1 := strconv.ParseUint(ton, 10, 8)
	n, err2 := strconv.ParseUint(npi, 10, 8)
	if !ok || err1 != nil || err2 != nil {
		r.fail(name, "Write TON and NPI as two numbers with a slash between them, such as 1/1.")
	}
	return plan{smpp.TON(t), smpp.NPI(n)} //nolint:gosec // read as 8 bits
}

func (r *reader) seconds(name string, standard int) time.Duration {
	return time.Duration(r.number(name, standard, 1, 3600)) * time.Second
}

// readProfile makes a profile of settings. The error is a [*smsir.Error] with the name of the setting.
func readProfile(settings map[string]string) (*profile, error) {
	r := &reader{settings: settings}
	p := &profile{
		mode: r.choice(settingMode, modeTransceiver, modes()), binds: r.number(settingBinds, 1, 1, 16),
		window: r.number(settingWindow, defaultWindow, 1, 1000),
		to:     r.plan(settingTo, "1/1"), number: r.plan(settingNumber, "1/1"), short: r.plan(settingShort, "3/0"), name: r.plan(settingName, "5/0"),
		plus: r.flag(settingPlus, false), sender: r.text(settingSender),
		alphabet: r.choice(settingAlphabet, alphabetGSM7, alphabets()),
		gsm7:     smpp.DataCoding(r.number(settingGSM7, 0, 0, 255)), ucs2: smpp.DataCoding(r.number(settingUCS2, 8, 0, 255)), //nolint:gosec // 0 to 255
		long: r.choice(settingLong, longUDH, longs()), validity: r.flag(settingValidity, true), serviceType: r.text(settingServiceType),
		reference: r.flag(settingReference, false), idForm: r.choice(settingIDForm, idLearn, idNames()),
		enquireLink: r.seconds(settingEnquire, 30), response: r.seconds(settingResponse, 60),
	}
	p.bind = smpp.Bind{
		SystemID:   r.required(settingSystemID, "The system id is required. The carrier gives it out."),
		Password:   r.required(settingPassword, "The password is required. The carrier gives it out."),
		SystemType: r.text(settingSystemType), InterfaceVersion: smpp.Version34,
	}
	switch r.choice(settingVersion, "3.4", versions()) {
	case "3.3":
		p.bind.InterfaceVersion = smpp.Version33
	case "5.0":
		p.bind.InterfaceVersion = smpp.Version50
	}
	p.registered = map[string]smpp.RegisteredDelivery{
		"all": smpp.ReceiptAlways, "failures": smpp.ReceiptFailure, "none": smpp.ReceiptNone,
	}[r.choice(settingReceipts, "all", receipts())]
	p.goneIsLost = r.choice(settingNotFound, notFoundNothing, notFounds()) == notFoundLost
	p.cancels = r.flag(settingCancel, false)
	if after := r.number(settingQueryAfter, 15, 1, 1440); r.flag(settingQuery, false) {
		p.queryAfter = time.Duration(after) * time.Minute
	}
	r.addresses(p)
	r.transport(p)
	r.tables(p)
	return p, r.err
}

func (r *reader) addresses(p *profile) {
	for _, a := range strings.FieldsFunc(r.required(settingAddress, "The address is required: host and port, such as smpp.example.net:2775."), func(c rune) bool { return c == ',' || c == ' ' }) {
		host, port, err := net.SplitHostPort(a)
		if n, e := strconv.ParseUint(port, 10, 16); err != nil || host == "" || e != nil || n == 0 {
			r.fail(settingAddress, "Write the address as host and port, such as smpp.example.net:2775; several with commas between them.")
			return
		}
		p.addresses = append(p.addresses, a)
	}
	if len(p.addresses) == 0 {
		r.fail(settingAddress, "The address is required: host and port, such as smpp.example.net:2775.")
	}
}

func (r *reader) transport(p *profile) {
	mode := r.choice(settingTLS, "off", tlsModes())
	if mode == "off" {
		return
	}
	p.tls = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: mode == tlsUnverified} //nolint:gosec // only when asked for in as many words
	if pin := strings.ToLower(strings.ReplaceAll(r.text(settingPin), ":", "")); pin != "" {
		want, err := hex.DecodeString(pin)
		if err != nil || len(want) != sha256.Size {
			r.fail(settingPin, "Write the SHA-256 fingerprint of the certificate: 64 digits from 0 to f.")
		}
		p.tls.InsecureSkipVerify = true // the comparison below is stricter
		p.tls.VerifyConnection = func(state tls.ConnectionState) error {
			if got := sha256.Sum256(state.PeerCertificates[0].Raw); !bytes.Equal(got[:], want) {
				return errors.New("the certificate has another fingerprint than the settings say")
			}
			return nil
		}
	}
}

// tables reads the settings that are lists of name=value.
func (r *reader) tables(p *profile) {
	p.codes, p.words = map[smpp.CommandStatus]smsir.FailureClass{}, map[string]smsir.Status{}
	r.pairs(settingCodes, func(name, value string) bool {
		n, err := strconv.ParseUint(name, 0, 32)
		class := smsir.FailureClass(value)
		switch class {
		case smsir.ClassRetry, smsir.ClassThrottle, smsir.ClassPermanent, smsir.ClassConfig, smsir.ClassBlocked, smsir.ClassRecipientTemp:
		default:
			return false
		}
		p.codes[smpp.CommandStatus(n)] = class //nolint:gosec // read as 32 bits
		return err == nil && n != 0
	})
	statuses := map[string]smsir.Status{"sent": smsir.Sent, "delivered": smsir.Delivered, "undelivered": smsir.Undelivered, "expired": smsir.Expired}
	r.pairs(settingWords, func(name, value string) bool {
		status, ok := statuses[value]
		p.words[strings.ToUpper(name)] = status
		return ok
	})
	r.pairs(settingTLVs, func(name, value string) bool {
		tag, err := strconv.ParseUint(name, 0, 16)
		data := append([]byte(value), 0)
		if digits, ok := strings.CutPrefix(value, "hex:"); ok {
			var e error
			if data, e = hex.DecodeString(digits); e != nil {
				return false
			}
		}
		p.tlvs.Add(smpp.Tag(tag), data) //nolint:gosec // read as 16 bits
		return err == nil && value != ""
	})
	r.network(p)
	zone := r.text(settingZone)
	if zone == "" {
		zone = "UTC"
	}
	var err error
	if p.zone, err = time.LoadLocation(zone); err != nil {
		r.fail(settingZone, "Write a time zone such as UTC or Africa/Nairobi.")
	}
}

// network reads which TLVs of a receipt tell the network.
func (r *reader) network(p *profile) {
	for text := range strings.SplitSeq(r.text(settingNetwork), ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		tag, err := strconv.ParseUint(text, 0, 16)
		if err != nil || len(p.network) == 2 {
			r.fail(settingNetwork, "Write the tag of one TLV, such as 0x1403, or of two with a comma between them.")
			return
		}
		p.network = append(p.network, smpp.Tag(tag)) //nolint:gosec // read as 16 bits
	}
}

// pairs reads "name=value, name=value".
func (r *reader) pairs(setting string, take func(name, value string) bool) {
	for pair := range strings.SplitSeq(r.settings[setting], ",") {
		pair = strings.TrimSpace(pair)
		if pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok || !take(strings.TrimSpace(name), strings.TrimSpace(value)) {
			r.fail(setting, "This cannot be read: "+strconv.Quote(pair)+". See the help of the field for how to write it.")
		}
	}
}
