"""A letter becomes subject, text and HTML, through mail_templates/."""
