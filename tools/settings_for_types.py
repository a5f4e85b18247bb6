"""Django's settings as the type checker needs them: any site will do, nothing is opened."""

import os

os.environ.setdefault("OPENCRO_SITE", '{"root": ".", "secret": "for the type checker", "hosts": []}')

from opencro.app.web import settings

globals().update({name: value for name, value in vars(settings).items() if name.isupper()})
