package gsm

// Each alphabet stands here as the standard prints it, but sideways: one line holds the sixteen
// characters whose codes begin with the same hexadecimal digit. Code 0x1B is the escape to the
// single shift table and no character.

// 3GPP TS 23.038 §6.2.1, GSM 7-bit default alphabet.
const defaultAlphabet = "" +
	"@£$¥èéùìòÇ\nØø\rÅå" + // 0x00
	"Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ" + // 0x10
	" !\"#¤%&'()*+,-./" + // 0x20
	"0123456789:;<=>?" + // 0x30
	"¡ABCDEFGHIJKLMNO" + // 0x40
	"PQRSTUVWXYZÄÖÑÜ§" + // 0x50
	"¿abcdefghijklmno" + // 0x60
	"pqrstuvwxyzäöñüà" //   0x70

// 3GPP TS 23.038 §A.3.1, Turkish national language locking shift table.
const turkishLocking = "" +
	"@£$¥€éùıòÇ\nĞğ\rÅå" + // 0x00
	"Δ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ" + // 0x10
	" !\"#¤%&'()*+,-./" + // 0x20
	"0123456789:;<=>?" + // 0x30
	"İABCDEFGHIJKLMNO" + // 0x40
	"PQRSTUVWXYZÄÖÑÜ§" + // 0x50
	"çabcdefghijklmno" + // 0x60
	"pqrstuvwxyzäöñüà" //   0x70

// 3GPP TS 23.038 §A.3.3, Portuguese national language locking shift table.
const portugueseLocking = "" +
	"@£$¥êéúíóç\nÔô\rÁá" + // 0x00
	"Δ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ" + // 0x10
	" !\"#º%&'()*+,-./" + // 0x20
	"0123456789:;<=>?" + // 0x30
	"ÍABCDEFGHIJKLMNO" + // 0x40
	"PQRSTUVWXYZÃÕÚÜ§" + // 0x50
	"~abcdefghijklmno" + // 0x60
	"pqrstuvwxyzãõ`üà" //   0x70

// shifted is one character of a single shift table: it is sent as the escape and this code.
type shifted struct {
	code byte
	char rune
}

// 3GPP TS 23.038 §6.2.1.1, GSM 7-bit default alphabet extension table. Every single shift table
// repeats it at the same codes. 0x0A is the page break; 0x0D and 0x1B are reserved.
var extension = []shifted{
	{0x0A, '\f'},
	{0x14, '^'},
	{0x28, '{'},
	{0x29, '}'},
	{0x2F, '\\'},
	{0x3C, '['},
	{0x3D, '~'},
	{0x3E, ']'},
	{0x40, '|'},
	{0x65, '€'},
}

// 3GPP TS 23.038 §A.2.1, Turkish national language single shift table, beyond the extension table.
var turkishShift = []shifted{
	{0x47, 'Ğ'}, {0x49, 'İ'}, {0x53, 'Ş'}, {0x63, 'ç'}, {0x67, 'ğ'}, {0x69, 'ı'}, {0x73, 'ş'},
}

// 3GPP TS 23.038 §A.2.2, Spanish national language single shift table, beyond the extension table.
var spanishShift = []shifted{
	{0x09, 'ç'},
	{0x41, 'Á'},
	{0x49, 'Í'},
	{0x4F, 'Ó'},
	{0x55, 'Ú'},
	{0x61, 'á'},
	{0x69, 'í'},
	{0x6F, 'ó'},
	{0x75, 'ú'},
}

// 3GPP TS 23.038 §A.2.3, Portuguese national language single shift table, beyond the extension table.
var portugueseShift = []shifted{
	{0x05, 'ê'},
	{0x09, 'ç'},
	{0x0B, 'Ô'},
	{0x0C, 'ô'},
	{0x0E, 'Á'},
	{0x0F, 'á'},
	{0x12, 'Φ'},
	{0x13, 'Γ'},
	{0x15, 'Ω'},
	{0x16, 'Π'},
	{0x17, 'Ψ'},
	{0x18, 'Σ'},
	{0x19, 'Θ'},
	{0x1F, 'Ê'},
	{0x41, 'À'},
	{0x49, 'Í'},
	{0x4F, 'Ó'},
	{0x55, 'Ú'},
	{0x5B, 'Ã'},
	{0x5C, 'Õ'},
	{0x61, 'Â'},
	{0x69, 'í'},
	{0x6F, 'ó'},
	{0x75, 'ú'},
	{0x7B, 'ã'},
	{0x7C, 'õ'},
	{0x7F, 'â'},
}
