// Package number reads phone numbers and sender IDs as people type them.
//
// It is in charge of turning what was typed into E.164 ([Parse]), of telling a number's country and
// kind, of showing it ([Pretty], [Number.National]) and hiding it ([Mask]), and of what a sender ID
// may look like ([ParseSender]). It is not in charge of what may be sent to whom: premium or
// satellite numbers are read like any other, and policy looks at their [Kind].
//
// How strict it is. A number passes when its calling code exists and its length is one that numbers
// with that first digit have. Whether its range is in service is not asked: metadata lags behind the
// world, and a carrier's refusal does less harm than ours. Numbers reserved for fiction
// (+1 202 555 01NN, +44 7700 900NNN) pass for the same reason.
//
// How fast it is. A number in E.164 takes a fast path: two table look-ups, no allocation. The table,
// plan.txt, is computed from the metadata of the libphonenumber port and covers all countries; it
// tells the countries that share a calling code (+1, +7, +44, …) apart by the leading digits that are
// theirs alone, and names the main country otherwise. Everything else goes through that port, at
// about a hundred times the cost.
//
// What it guarantees: a number that was read, read again, gives itself. No input panics. Errors are
// [*smsir.Error] with a stable code and a sentence that says how to put it right; no error contains
// the number.
package number
