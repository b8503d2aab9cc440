"""Template tags of the pages."""

import functools
import posixpath
import re
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

# A static import or a re-export: at the beginning of a line, from a relative address, without parentheses before it.
IMPORT = re.compile(r"""^(?:import|export)\b(?:[^'";=()]*\bfrom)?\s*["'](\.[^"']+)["']""", re.MULTILINE)


@register.simple_tag
def modulepreload(entry: str) -> SafeString:
    """Name a module and all that it imports, directly or not, so that a browser fetches them at once.

    Without it a browser learns of a module's imports only when it has the module: one journey for each step of the way.
    Modules that are imported later, by `import()`, are not among them.
    """
    names = needed_by(entry) if settings.DEBUG else kept_needed_by(entry)
    return format_html_join("\n  ", '<link rel="modulepreload" href="{}">', ((static(name),) for name in names))


def needed_by(entry: str) -> list[str]:
    """Return the names of `entry` and of the modules that it imports, nearest first."""
    names = [entry]
    for name in names:  # which grows meanwhile
        path = finders.find(name)
        if path is None:
            raise LookupError(f"{name} is needed by {entry}, but there is no such static file.")
        addresses = IMPORT.findall(Path(path).read_text())
        found = (posixpath.normpath(posixpath.join(posixpath.dirname(name), address)) for address in addresses)
        names += [other for other in dict.fromkeys(found) if other not in names]
    return names


kept_needed_by = functools.cache(needed_by)
