"""`python -m activitysmith_cli`"""

from activitysmith_cli.main import main

main()
