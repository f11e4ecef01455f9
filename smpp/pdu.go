package smpp

// PDU is the body of one of the PDUs of this package, which are the only types that implement it. The header is apart:
// the sequence_number belongs to the connection, and command_status is a field of the responses.
//
// SMPP 3.4 §4
type PDU interface {
	// CommandID is the command_id that the PDU is sent with.
	CommandID() CommandID

	// AppendPDU appends the whole PDU, header included, to dst and returns the longer slice. If a field cannot be
	// written, it returns dst as it was and an [*EncodeError]. It does not change the PDU, so the same one may be
	// encoded several times at once. It allocates only if dst has too little room.
	AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error)

	// DecodePDU reads the PDU from b, which holds exactly one, header included, and overwrites all fields. Nothing of b
	// is kept. The memory of the slices that the PDU holds is used again, so whoever decodes twice into the same PDU
	// must be done with what they got the first time; the strings are new each time. The error is a [*DecodeError]; the
	// fields before the fault have then been read, those after it are zero.
	DecodePDU(b []byte) error

	encode(w *writer)
	decode(r *reader)
}

// Response is a [PDU] that answers another.
type Response interface {
	PDU

	// Status is the command_status of the response.
	//
	// SMPP 3.4 §5.1.3
	Status() CommandStatus
}

// Options are liberties taken with the standard, for peers that take them too. The zero value takes none: it is what the
// methods of the PDUs and [Decode] follow. Options may be used concurrently.
type Options struct {
	// MaxLength is the largest command_length, in octets. 0 stands for [DefaultMaxLength]; less than [HeaderLength] and
	// more than [MaxMaxLength] count as those.
	MaxLength int

	// LongStrings allows C-octet strings of up to 255 characters where the standard's maximum is lower (some carriers
	// give out passwords of more than 8 characters), and times that are not 16 characters long.
	LongStrings bool
}

func (o Options) maxLength() int {
	if o.MaxLength == 0 {
		return DefaultMaxLength
	}
	return min(max(o.MaxLength, HeaderLength), MaxMaxLength)
}

func (o Options) stringLimit(limit int) int {
	if o.LongStrings {
		return maxLongString
	}
	return limit
}

// AppendPDU is [PDU.AppendPDU] with options.
func (o Options) AppendPDU(dst []byte, p PDU, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, o, p.CommandID(), sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU is [PDU.DecodePDU] with options.
func (o Options) DecodePDU(b []byte, p PDU) error {
	r := newReader(b, o)
	p.decode(&r)
	return r.finish()
}

// Decode reads one PDU of any kind from b. A command that this package does not know becomes a [*Raw], which is no
// error: answer it with [ResponseTo]. If the error is not nil, the header is still right unless b is shorter than one,
// and the PDU has the fields before the fault, or is nil if even its header was wrong.
func (o Options) Decode(b []byte) (Header, PDU, error) {
	r := newReader(b, o)
	if r.err != nil {
		return r.h, nil, r.err
	}
	p := New(r.h.CommandID)
	p.decode(&r)
	return r.h, p, r.finish()
}

// Decode reads one PDU of any kind from b, as the standard has it: see [Options.Decode].
func Decode(b []byte) (Header, PDU, error) { return Options{}.Decode(b) }

// New gives an empty PDU for a command: a [*SubmitSM] for [CommandSubmitSM] and so on, a [*Raw] for what this package
// does not know.
func New(c CommandID) PDU {
	switch c {
	case CommandBindReceiver, CommandBindTransmitter, CommandBindTransceiver:
		return &Bind{Command: c}
	case CommandOutbind:
		return &Outbind{}
	case CommandUnbind:
		return &Unbind{}
	case CommandEnquireLink:
		return &EnquireLink{}
	case CommandSubmitSM:
		return &SubmitSM{}
	case CommandSubmitMulti:
		return &SubmitMulti{}
	case CommandDeliverSM:
		return &DeliverSM{}
	case CommandDataSM:
		return &DataSM{}
	case CommandQuerySM:
		return &QuerySM{}
	case CommandCancelSM:
		return &CancelSM{}
	case CommandReplaceSM:
		return &ReplaceSM{}
	case CommandAlertNotification:
		return &AlertNotification{}
	}
	if p := newResponse(c, 0); p != nil {
		return p
	}
	return &Raw{Command: c}
}

// ResponseTo gives the response to a command with nothing but a status, to refuse it or as the beginning of an answer:
// a [*SubmitSMResp] to [CommandSubmitSM] and so on, and a [*GenericNack] to what this package does not know. It is nil
// for what is never answered: outbind, alert_notification and responses.
//
// SMPP 3.4 §3.3
func ResponseTo(c CommandID, s CommandStatus) Response {
	response, ok := c.Response()
	if !ok {
		return nil
	}
	if p := newResponse(response, s); p != nil {
		return p
	}
	return &GenericNack{CommandStatus: s}
}

func newResponse(c CommandID, s CommandStatus) Response {
	switch c {
	case CommandGenericNack:
		return &GenericNack{CommandStatus: s}
	case CommandBindReceiverResp, CommandBindTransmitterResp, CommandBindTransceiverResp:
		return &BindResp{Command: c, CommandStatus: s}
	case CommandUnbindResp:
		return &UnbindResp{CommandStatus: s}
	case CommandEnquireLinkResp:
		return &EnquireLinkResp{CommandStatus: s}
	case CommandSubmitSMResp:
		return &SubmitSMResp{CommandStatus: s}
	case CommandSubmitMultiResp:
		return &SubmitMultiResp{CommandStatus: s}
	case CommandDeliverSMResp:
		return &DeliverSMResp{CommandStatus: s}
	case CommandDataSMResp:
		return &DataSMResp{CommandStatus: s}
	case CommandQuerySMResp:
		return &QuerySMResp{CommandStatus: s}
	case CommandCancelSMResp:
		return &CancelSMResp{CommandStatus: s}
	case CommandReplaceSMResp:
		return &ReplaceSMResp{CommandStatus: s}
	}
	return nil
}
