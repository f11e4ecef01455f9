// Package smpp turns the PDUs of SMPP 3.4 and 5.0 into octets and back.
//
// It is in charge of
//
//   - every PDU of SMPP 3.4, with what SMPP 5.0 added to them ([Bind], [SubmitSM], [DeliverSM] ...);
//     the broadcast PDUs of 5.0 and commands of vendors are kept as they came ([Raw]);
//   - optional parameters: ordered, unknown ones included, with an accessor for each that the
//     standard types ([TLVs]);
//   - cutting a stream into PDUs, however its octets arrive ([Reader], [Next]);
//   - times ([ParseTime]), the text of delivery receipts ([ParseReceipt], [Receipt.AppendText]),
//     message states, error codes, and the bits of esm_class, registered_delivery and data_coding.
//
// It is not in charge of connections, windows and timers, nor of alphabets and user data headers:
// user data goes in and comes out as octets.
//
// # Names
//
// Fields, TLVs and values have the names of the standard in the case of Go: source_addr_ton is
// SourceAddrTON, sar_msg_ref_num is [TLVs.SARMsgRefNum], ESME_RTHROTTLED is [RTHROTTLED], command
// submit_sm is [CommandSubmitSM]. Each comment names the clause. Lengths that the wire carries
// (command_length, sm_length, number_of_dests ...) are not fields: they follow from the values.
// The sequence_number belongs to the connection and is passed beside the PDU, so that one PDU can be
// sent again, or by several connections at once, without being changed.
//
// # Guarantees
//
// Nothing panics, whatever the input. Everything that is read has a limit: command_length is 16 to
// [DefaultMaxLength] octets unless set otherwise and never above [MaxMaxLength], C-octet strings have
// the maxima of the standard, a PDU has at most [MaxTLVs] optional parameters. Decoding 64 KiB
// allocates less than 1 MiB, and the buffer of a [Reader] grows only with what its peer has sent.
//
// Decoding keeps nothing of its input, and what was decoded is written again octet by octet, except
// for what is tolerated: see below. An error says which PDU, field and offset were wrong and what to
// answer ([DecodeError]); the fields before the fault have been read, so that a response with
// rubbish at its end does not lose its message_id. Encoding either appends a whole PDU or leaves the
// slice as it was ([EncodeError]). No error repeats a value, and no verb of fmt shows the password
// of a [Bind].
//
// Values may be used by several goroutines as long as none changes them; encoding changes nothing.
//
// # What is tolerated, and what is not
//
// Met in the wild and taken: responses without body whatever their status; a message_id that ends
// with the PDU instead of a NUL; TLVs on PDUs that have none in the standard, repeated TLVs, integers
// in TLVs of another width, strings in TLVs without NUL; any interface_version, command_status in
// requests, sequence_number 0 or above 0x7FFFFFFF, and the same one on several requests; sm_length
// 255; times that are no times, until [ParseTime] or [SubmitSM.Check] sees them; and receipts as
// described at [ParseReceipt].
//
// Not taken: a string without NUL in a request or beyond its maximum, a TLV that is longer than the
// PDU, a length that leads out of the PDU. [Options.LongStrings] lifts the maxima for carriers that
// hand out longer passwords or ids than the standard allows.
//
// [SubmitSM.Check] finds what can be read but makes no sense, with the error code to answer.
//
// # Speed
//
// Encoding allocates nothing if the slice has room. Decoding into a PDU that was used before costs
// one allocation, for all strings of the PDU together; into a new one, a second for short_message
// and the values of the TLVs, and a third for the list of TLVs if there are any; an example in the
// tests counts them. The best of several runs of "go test -bench . ./smpp" on a virtual machine with
// two cores of an Intel Xeon, which other programs kept busy as well (Go 1.26):
//
//	                               encode             decode, used PDU   decode, new PDU
//	submit_sm, 140 octets           35 ns, 0 allocs    90 ns, 1 alloc     165 ns, 2 allocs
//	submit_sm, same with SAR TLVs   46 ns, 0 allocs   112 ns, 1 alloc     226 ns, 3 allocs
//	submit_sm_resp                  17 ns, 0 allocs    44 ns, 1 alloc      43 ns, 1 alloc
//	deliver_sm, receipt and 3 TLVs  40 ns, 0 allocs   105 ns, 1 alloc     217 ns, 3 allocs
//	deliver_sm_resp                 13 ns, 0 allocs    24 ns, 0 allocs     24 ns, 0 allocs
//	enquire_link                    11 ns, 0 allocs    20 ns, 0 allocs     20 ns, 0 allocs
//
// The standards are "Short Message Peer to Peer Protocol Specification v3.4", 12-Oct-1999 Issue 1.2,
// and "v5.0", 19-February-2003.
package smpp
