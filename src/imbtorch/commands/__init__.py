"""The sub-commands of ``imbtorch``, one module each: its options, its help and what it does.

Each module has ``add_options``, which adds its options to a parser, and ``run``, which takes them;
the first line of the docstring of ``run`` is the command's help.
"""
