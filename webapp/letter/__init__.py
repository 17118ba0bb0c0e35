"""What a letter says: answers become a letter, out of checked words; no Flask, no clock."""
