// Package gsm turns text into the user data of a short message and back, as 3GPP TS 23.038
// (alphabets) and 3GPP TS 23.040 (user data header, concatenation) prescribe.
//
// It is in charge of
//
//   - the GSM 7-bit default alphabet with its extension table, and the national language shift
//     tables of Turkish, Spanish and Portuguese ([EncodeGSM7], [DecodeGSM7]);
//   - septet packing with the fill bits that follow a header ([Pack], [Unpack]);
//   - UCS-2, in practice UTF-16BE ([EncodeUCS2], [DecodeUCS2]);
//   - the user data header and its information elements ([UDH], [ParseUDH]);
//   - counting and cutting: how many segments a text needs, why, and the segments themselves
//     ([Analyze], [Split]);
//   - the data coding scheme octet ([ParseDCS]).
//
// It is not in charge of PDUs, of sending, nor of putting received segments together again: it
// hands out what a receiver needs for that ([UDH.Concat], [Decode]).
//
// What it guarantees: no function reads or writes anything but its arguments, so all of them may be
// called concurrently, and none panics, whatever the input. The segments of [Split], joined, are
// [Analysis.Text], which is the text itself unless [Options.Smart] replaced something and said so.
// No segment begins or ends inside an escape pair or a surrogate pair. [Analyze] and [Split] always
// agree. Decoders never lose a message to one bad octet: they return the best reading together with
// an error that names the offset of the first thing that was wrong.
//
// The empty text is one segment of 0 units: a short message without text is a legal one.
package gsm
