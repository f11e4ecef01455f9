// Package smsc hands messages to a carrier over SMPP, as an ESME: provider kind "smsc".
//
// It is in charge of its binds (as many as the settings say, again after each loss), of turning a message into one
// submit_sm or several, of what an answer or a missing one means, and of what the carrier brings by itself: receipts and
// messages from handsets. It is not in charge of trying again, of pace, nor of matching receipts to messages.
//
// What it guarantees on failure: a submit_sm whose octets may have left is never called "not sent", and none is written
// twice, with one exception that A3 of the contract of delivery asks for: a part of a long message that the carrier
// refused because it came too fast, while it took another part of the same message, is handed over again on the same
// connection with the same reference. What comes from the carrier is acknowledged only after it is stored; otherwise the
// answer is ESME_RX_T_APPN, and the carrier brings it again. A delivery receipt never becomes a message for people, not
// even one that cannot be read.
//
// After a wrong password it tries twice more and then holds for 15 minutes, because carriers lock accounts.
package smsc
