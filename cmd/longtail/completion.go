package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

func (completionCmd) Help() string {
	return example("source <(longtail completion bash)        # in ~/.bashrc", "source <(longtail completion zsh)         # in ~/.zshrc, after compinit",
		"longtail completion fish > ~/.config/fish/completions/longtail.fish")
}

// Run writes the script.
func (c *completionCmd) Run(out *console, parser *kong.Kong) error {
	commands := completions(parser.Model)
	script := map[string]func([]completed) string{"bash": bash, "zsh": zsh, "fish": fish}[c.Shell](commands)
	_, err := fmt.Fprint(out.out, script)
	return err
}

// completed is what completes a command.
type completed struct {
	name, help string
	flags      []option
	words      []string // of its arguments; nil: files
}

type option struct {
	name, help string
	takes      bool     // a value
	words      []string // of the value; nil: files
}

// completions walks the commands.
func completions(model *kong.Application) (all []completed) {
	for _, n := range model.Children {
		c := completed{name: n.Name, help: n.Help}
		for _, f := range n.AllFlags(true) {
			for _, f := range f {
				o := option{name: f.Name, help: f.Help, takes: !f.IsBool(), words: words(f.Enum)}
				if !slices.ContainsFunc(c.flags, func(p option) bool { return p.name == o.name }) {
					c.flags = append(c.flags, o)
				}
			}
		}
		for _, p := range n.Positional {
			c.words = append(c.words, words(p.Enum)...)
		}
		all = append(all, c)
	}
	return all
}

func words(enum string) []string {
	return slices.DeleteFunc(strings.Split(enum, ","), func(w string) bool { return w == "" })
}

// quoted is text for a shell, in single quotes.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func bash(all []completed) string {
	var b strings.Builder
	b.WriteString("# bash completion of longtail\n_longtail() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n  COMPREPLY=()\n")
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	fmt.Fprintf(&b, "  if [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY=($(compgen -W %s -- \"$cur\")); return; fi\n", quoted(strings.Join(names, " ")+" --help"))
	b.WriteString("  case $command in\n")
	for _, c := range all {
		fmt.Fprintf(&b, "  %s)\n    case $prev in\n", c.name)
		var flags []string
		for _, f := range c.flags {
			flags = append(flags, "--"+f.name)
			switch {
			case f.takes && len(f.words) > 0:
				fmt.Fprintf(&b, "    --%s) COMPREPLY=($(compgen -W %s -- \"$cur\")); return;;\n", f.name, quoted(strings.Join(f.words, " ")))
			case f.takes:
				fmt.Fprintf(&b, "    --%s) COMPREPLY=($(compgen -f -- \"$cur\")); return;;\n", f.name)
			}
		}
		b.WriteString("    esac\n")
		words := append(flags, c.words...)
		fmt.Fprintf(&b, "    COMPREPLY=($(compgen -W %s -- \"$cur\"))\n", quoted(strings.Join(words, " ")))
		if len(c.words) == 0 {
			b.WriteString("    [[ $cur == -* ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n")
		}
		b.WriteString("    ;;\n")
	}
	b.WriteString("  esac\n}\ncomplete -o filenames -F _longtail longtail\n")
	return b.String()
}

func zsh(all []completed) string {
	var b strings.Builder
	b.WriteString("#compdef longtail\n# zsh completion of longtail\n_longtail() {\n  local -a commands\n  commands=(\n")
	plain := func(text string) string {
		return strings.NewReplacer(":", `\:`, "[", `\[`, "]", `\]`).Replace(text)
	}
	for _, c := range all {
		fmt.Fprintf(&b, "    %s\n", quoted(c.name+":"+plain(c.help)))
	}
	b.WriteString("  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  local command=$words[2]\n  words=(longtail ${words[3,-1]})\n  (( CURRENT-- ))\n  case $command in\n")
	for _, c := range all {
		fmt.Fprintf(&b, "  %s) _arguments", c.name)
		for _, f := range c.flags {
			spec := "--" + f.name + "[" + plain(f.help) + "]"
			switch {
			case f.takes && len(f.words) > 0:
				spec = "--" + f.name + "=[" + plain(f.help) + "]:value:(" + strings.Join(f.words, " ") + ")"
			case f.takes:
				spec = "--" + f.name + "=[" + plain(f.help) + "]:value:_files"
			}
			fmt.Fprintf(&b, " \\\n    %s", quoted(spec))
		}
		rest := "*:file:_files"
		if len(c.words) > 0 {
			rest = "*:value:(" + strings.Join(c.words, " ") + ")"
		}
		fmt.Fprintf(&b, " \\\n    %s;;\n", quoted(rest))
	}
	b.WriteString("  esac\n}\ncompdef _longtail longtail\n")
	return b.String()
}

func fish(all []completed) string {
	var b strings.Builder
	b.WriteString("# fish completion of longtail\n")
	for _, c := range all {
		fmt.Fprintf(&b, "complete -c longtail -n __fish_use_subcommand -f -a %s -d %s\n", c.name, quoted(c.help))
	}
	for _, c := range all {
		seen := quoted("__fish_seen_subcommand_from " + c.name)
		for _, f := range c.flags {
			fmt.Fprintf(&b, "complete -c longtail -n %s -l %s -d %s", seen, f.name, quoted(f.help))
			switch {
			case f.takes && len(f.words) > 0:
				fmt.Fprintf(&b, " -x -a %s", quoted(strings.Join(f.words, " ")))
			case f.takes:
				b.WriteString(" -r")
			}
			b.WriteString("\n")
		}
		if len(c.words) > 0 {
			fmt.Fprintf(&b, "complete -c longtail -n %s -f -a %s\n", seen, quoted(strings.Join(c.words, " ")))
		}
	}
	return b.String()
}
