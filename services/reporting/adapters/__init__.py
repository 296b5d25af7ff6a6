"""What reporting hands to other programs: sheets."""
