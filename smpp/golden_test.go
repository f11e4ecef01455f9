package smpp

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// golden is one PDU of testdata/golden, each octet of which was laid out from the standard, and what it says.
type golden struct {
	name     string
	status   CommandStatus
	sequence uint32
	pdu      PDU
	readOnly bool // it is written differently
}

const (
	sample1 = "12025550100"
	sample2 = "447700900123"
)

func goldens() []golden {
	bind := func(c CommandID) *Bind {
		return &Bind{
			Command: c, SystemID: "esme01", Password: "secret08", SystemType: "VMS", InterfaceVersion: Version34,
			AddrTON: TONInternational, AddrNPI: NPIISDN, AddressRange: "^1202555",
		}
	}
	receipt := "id:3f2a91 sub:001 dlvrd:001 submit date:2611231457 done date:2611231458 stat:DELIVRD err:000 text:Hello"
	return append([]golden{
		{"bind_transmitter", 0, 1, bind(CommandBindTransmitter), false},
		{"bind_receiver", 0, 2, bind(CommandBindReceiver), false},
		{"bind_transceiver", 0, 3, bind(CommandBindTransceiver), false},
		{"bind_transceiver_50", 0, 1, &Bind{Command: CommandBindTransceiver, SystemID: "esme01", InterfaceVersion: Version50}, false},
		{"bind_transmitter_resp", 0, 1, &BindResp{Command: CommandBindTransmitterResp, SystemID: "SMSC"}, false},
		{"bind_receiver_resp", 0, 2, &BindResp{Command: CommandBindReceiverResp, SystemID: "SMSC", TLVs: TLVs{{TagSCInterfaceVersion, []byte{0x34}}}}, false},
		{"bind_transceiver_resp", 0, 3, &BindResp{
			Command: CommandBindTransceiverResp, SystemID: "SMSC",
			TLVs: TLVs{{TagSCInterfaceVersion, []byte{0x50}}, {TagCongestionState, []byte{82}}},
		}, false},
		{"bind_transceiver_resp_refused", RINVPASWD, 3, &BindResp{Command: CommandBindTransceiverResp, CommandStatus: RINVPASWD}, false},
		{"outbind", 0, 1, &Outbind{SystemID: "SMSC", Password: "secret08"}, false},
		{"unbind", 0, 9, &Unbind{}, false},
		{"unbind_resp", 0, 9, &UnbindResp{}, false},
		{"enquire_link", 0, MaxSequenceNumber, &EnquireLink{}, false},
		{"enquire_link_resp", 0, MaxSequenceNumber, &EnquireLinkResp{}, false},
		{"generic_nack", RINVCMDLEN, 0, &GenericNack{CommandStatus: RINVCMDLEN}, false},
		{"deliver_sm", 0, 30, &DeliverSM{
			SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample2, DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: sample1,
			ShortMessage: []byte("STOP"),
		}, false},
		{"deliver_sm_receipt", 0, 31, &DeliverSM{
			SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample2, DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: sample1,
			ESMClass: TypeDeliveryReceipt, ShortMessage: []byte(receipt),
			TLVs: TLVs{{TagReceiptedMessageID, []byte("3f2a91\x00")}, {TagMessageState, []byte{2}}, {TagNetworkErrorCode, []byte{3, 0, 0}}},
		}, false},
		{"deliver_sm_receipt_payload", 0, 32, &DeliverSM{
			SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample2, DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: sample1,
			ESMClass: TypeDeliveryReceipt, TLVs: TLVs{{TagMessagePayload, []byte(receipt)}},
		}, false},
		{"deliver_sm_resp", 0, 30, &DeliverSMResp{}, false},
		{"deliver_sm_resp_error", RXTAPPN, 30, &DeliverSMResp{CommandStatus: RXTAPPN}, false},
		{"data_sm", 0, 40, &DataSM{
			ServiceType: "WAP", SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample1, DestAddrTON: 1, DestAddrNPI: 1,
			DestinationAddr: sample2, ESMClass: ModeForward, RegisteredDelivery: ReceiptAlways, DataCoding: DataCodingBinary,
			TLVs: TLVs{
				{TagSourcePort, []byte{0x3E, 0x80}},
				{TagDestinationPort, []byte{0x3E, 0x81}},
				{TagMessagePayload, []byte{1, 6, 3}},
				{TagSetDPF, []byte{1}},
			},
		}, false},
		{"data_sm_resp", RDELIVERYFAILURE, 40, &DataSMResp{
			CommandStatus: RDELIVERYFAILURE, MessageID: "d-40",
			TLVs: TLVs{{TagDeliveryFailureReason, []byte{3}}, {TagNetworkErrorCode, []byte{3, 0, 27}}, {TagDPFResult, []byte{1}}},
		}, false},
		{"query_sm", 0, 50, &QuerySM{MessageID: "3f2a91", SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample1}, false},
		{"query_sm_resp", 0, 50, &QuerySMResp{MessageID: "3f2a91", FinalDate: "261123145812508+", MessageState: StateUndeliverable, ErrorCode: 27}, false},
		{"query_sm_resp_enroute", 0, 51, &QuerySMResp{MessageID: "3f2a91", MessageState: StateEnroute}, false},
		{"cancel_sm", 0, 60, &CancelSM{
			MessageID: "3f2a91", SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample1,
			DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: sample2,
		}, false},
		{"cancel_sm_resp", RCANCELFAIL, 60, &CancelSMResp{CommandStatus: RCANCELFAIL}, false},
		{"replace_sm", 0, 70, &ReplaceSM{
			MessageID: "3f2a91", SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample1,
			ValidityPeriod: "000001000000000R", RegisteredDelivery: ReceiptAlways, ShortMessage: []byte("Corrected"),
		}, false},
		{"replace_sm_50", 0, 71, &ReplaceSM{
			MessageID: "3f2a91", SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample1,
			ValidityPeriod: "000001000000000R", RegisteredDelivery: ReceiptAlways, TLVs: TLVs{{TagMessagePayload, []byte("Corrected")}},
		}, false},
		{"replace_sm_resp", RREPLACEFAIL, 70, &ReplaceSMResp{CommandStatus: RREPLACEFAIL}, false},
		{"alert_notification", 0, 80, &AlertNotification{
			SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample2, ESMEAddrTON: 1, ESMEAddrNPI: 1, ESMEAddr: sample1,
			TLVs: TLVs{{TagMSAvailabilityStatus, []byte{0}}},
		}, false},
		{"broadcast_sm", 0, 90, &Raw{Command: CommandBroadcastSM, Body: []byte("CBS\x00\x01\x01" + sample1 +
			"\x00\x00\x00\x00\x00\x00\x00\x00\x06\x06\x00\x07\x00Area 1\x06\x01\x00\x03\x01\x00\x10\x06\x04\x00\x02\x00\x01\x06\x05\x00\x03\x09\x00\x05")}, false},
	}, submitGoldens()...)
}

func submitGoldens() []golden {
	hello := func(change func(*SubmitSM)) *SubmitSM {
		p := &SubmitSM{
			SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: sample1, DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: sample2,
			RegisteredDelivery: ReceiptAlways, ShortMessage: []byte("Hello"),
		}
		if change != nil {
			change(p)
		}
		return p
	}
	return []golden{
		{"submit_sm", 0, 7, hello(nil), false},
		{"submit_sm_all_fields", 0, 8, hello(func(p *SubmitSM) {
			p.ServiceType, p.SourceAddrTON, p.SourceAddrNPI, p.SourceAddr = "CMT", TONAlphanumeric, NPIUnknown, "SMSir"
			p.ESMClass, p.ProtocolID, p.PriorityFlag = FeatureReplyPath|ModeForward, 0x41, 3
			p.ScheduleDeliveryTime, p.ValidityPeriod = "261123145700008+", "000003000000000R"
			p.RegisteredDelivery = ReceiptAlways | AcknowledgeDelivery | AcknowledgeUser | NotifyIntermediate
			p.ReplaceIfPresentFlag, p.DataCoding, p.SMDefaultMsgID = 1, 0xF0, 7
		}), false},
		{"submit_sm_ucs2_udh", 0, 9, hello(func(p *SubmitSM) {
			p.ESMClass, p.DataCoding = FeatureUDHI, DataCodingUCS2
			p.ShortMessage = []byte("\x05\x00\x03\xCC\x02\x01\x04\x1F\x04\x40\x04\x38\x04\x32\x04\x35\x04\x42")
		}), false},
		{"submit_sm_sar", 0, 10, hello(func(p *SubmitSM) {
			p.ShortMessage = []byte(" world")
			p.TLVs.SetSAR(SAR{MsgRefNum: 0xCC, TotalSegments: 2, SegmentSeqnum: 2})
		}), false},
		{"submit_sm_payload", 0, 11, hello(func(p *SubmitSM) {
			p.ShortMessage = nil
			p.TLVs.SetMessagePayload(bytes.Repeat([]byte("A message that is longer than short_message can be goes into a TLV. "), 5))
			p.TLVs.SetUserMessageReference(0x1234)
		}), false},
		{"submit_sm_kannel", 0, 12, hello(func(p *SubmitSM) {
			p.ESMClass, p.RegisteredDelivery = ModeStoreAndForward, ReceiptAlways|NotifyIntermediate
		}), false},
		{"submit_sm_vendor_tlv", 0, 13, hello(func(p *SubmitSM) {
			p.TLVs.Add(0x1400, []byte("1201159123456789012\x00"))
			p.TLVs.Add(0x1401, []byte("1207160000000000001"))
			p.TLVs.Add(0x1400, nil)
			p.TLVs.Add(0x3FFF, []byte{0xFF})
		}), false},
		{"submit_sm_resp", 0, 7, &SubmitSMResp{MessageID: "3f2a91"}, false},
		{"submit_sm_resp_throttled", RTHROTTLED, 7, &SubmitSMResp{CommandStatus: RTHROTTLED}, false},
		{"submit_sm_resp_50", RSUBMITFAIL, 7, &SubmitSMResp{
			CommandStatus: RSUBMITFAIL,
			TLVs: TLVs{
				{TagAdditionalStatusInfoText, []byte("no route\x00")},
				{TagNetworkErrorCode, []byte{3, 0, 27}},
				{TagDeliveryFailureReason, []byte{0}},
				{TagCongestionState, []byte{95}},
			},
		}, false},
		{"submit_sm_resp_no_nul", 0, 7, &SubmitSMResp{MessageID: "3f2a91"}, true},
		{"submit_multi", 0, 20, &SubmitMulti{
			SourceAddrTON: TONAlphanumeric, SourceAddr: "SMSir",
			DestAddresses: []DestAddress{
				{DestFlag: DestFlagSME, DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: "12025550101"},
				{DestFlag: DestFlagDistributionList, DLName: "staff"},
				{DestFlag: DestFlagSME, DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: "12025550102"},
			},
			PriorityFlag: 1, RegisteredDelivery: ReceiptFailure, DataCoding: DataCodingLatin1, ShortMessage: []byte("Hello"),
		}, false},
		{"submit_multi_resp", 0, 20, &SubmitMultiResp{
			MessageID:     "m-20",
			UnsuccessSMEs: []UnsuccessSME{{DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: "12025550102", ErrorStatusCode: RINVDSTADR}},
		}, false},
	}
}

// readGolden reads the octets of a golden file: hexadecimal, with comments after #.
func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "golden", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, g := range goldens() {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			b := readGolden(t, g.name)
			want := Header{CommandLength: uint32(len(b)), CommandID: g.pdu.CommandID(), CommandStatus: g.status, SequenceNumber: g.sequence}
			h, p, err := Decode(b)
			if err != nil || h != want || !reflect.DeepEqual(p, g.pdu) {
				t.Errorf("Decode(%X)\n got %+v %+v, %v\nwant %+v %+v", b, h, p, err, want, g.pdu)
			}
			again := New(g.pdu.CommandID())
			if err := again.DecodePDU(b); err != nil || !reflect.DeepEqual(again, g.pdu) {
				t.Errorf("DecodePDU(%X)\n got %+v, %v\nwant %+v", b, again, err, g.pdu)
			}
			if g.readOnly {
				return
			}
			got, err := g.pdu.AppendPDU([]byte("before"), g.sequence)
			if err != nil || !bytes.Equal(got, append([]byte("before"), b...)) {
				t.Errorf("AppendPDU(%+v)\n got %X, %v\nwant %X", g.pdu, got, err, b)
			}
			if r, ok := p.(Response); ok && r.Status() != g.status {
				t.Errorf("Status() = %v, want %v", r.Status(), g.status)
			}
		})
	}
}

// TestGoldenIsComplete: each file has its row, and each PDU of the package its file.
func TestGoldenIsComplete(t *testing.T) {
	t.Parallel()
	rows, commands := map[string]bool{}, map[CommandID]bool{}
	for _, g := range goldens() {
		rows[g.name] = true
		commands[g.pdu.CommandID()] = true
	}
	files, err := filepath.Glob("testdata/golden/*.hex")
	if err != nil || len(files) != len(rows) {
		t.Errorf("%d files, %d rows, %v", len(files), len(rows), err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".hex"); !rows[name] {
			t.Errorf("%s has no row", f)
		}
	}
	for c := range CommandID(0x200) {
		for _, c := range []CommandID{c, c | responseBit} {
			if _, raw := New(c).(*Raw); !raw && !commands[c] {
				t.Errorf("%s has no golden file", c)
			}
		}
	}
}

// TestTruncated cuts each golden PDU everywhere. What is cut within its fields fails and names a field within the PDU.
func TestTruncated(t *testing.T) {
	t.Parallel()
	for _, g := range goldens() {
		b := readGolden(t, g.name)
		for n := range len(b) {
			cut := bytes.Clone(b[:n])
			if n >= 4 {
				cut[0], cut[1], cut[2], cut[3] = 0, 0, byte(n>>8), byte(n)
			}
			_, p, err := Decode(cut)
			if _, response := p.(Response); err == nil && response {
				continue // responses may be without body, or their message_id without NUL
			}
			if err == nil {
				// What is left must be a whole PDU with fewer optional parameters.
				if again, err := p.AppendPDU(nil, g.sequence); err != nil || !bytes.Equal(again, cut) {
					t.Errorf("%s cut to %d octets: no error, reads %+v, writes %X, %v", g.name, n, p, again, err)
				}
				continue
			}
			e, ok := err.(*DecodeError) //nolint:errorlint // it must be that, unwrapped
			if !ok || e.Field == "" || e.Offset < 0 || e.Offset > n || e.CommandStatus() == ROK {
				t.Errorf("%s cut to %d octets: %v %+v", g.name, n, p, err)
			}
		}
	}
}
