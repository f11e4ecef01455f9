package postgres

// Risk is for the test of what is refused.
var Risk = risk
