#pragma once
// From words as they were typed to words as a command gets them (POSIX, Shell Command Language, 2.6): tilde,
// parameters, commands, arithmetic; then splitting into fields, file names, and the quotes go. Results live
// in shell.scratch. On an error all of them say why, call fail() and return NULL.

// Any number of fields for each word.
char **expand_words(char **words);
// One field, not split and without file names: the value of an assignment, the target of a redirection.
char *expand_word(const char *word);
// A pattern for fnmatch: what was quoted is escaped.
char *expand_pattern(const char *word);
// The text of a here-document.
char *expand_document(const char *text);
