"""Users and what they may do (acl.c): rules, checks, the log of refusals, files of users."""
