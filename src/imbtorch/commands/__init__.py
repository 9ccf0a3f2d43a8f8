"""The sub-commands of ``imbtorch``: a module each, with its options, its help and what it does.

Each module has ``add_options``, which adds its options to a parser, and ``run``, which takes them;
the first line of ``run``'s docstring is the command's help.
"""
