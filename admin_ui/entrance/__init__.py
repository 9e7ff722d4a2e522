"""The pages of people who are not signed in: plain HTML, made by templates. A stranger who asks for one costs a request
and nothing after it: no page that NiceGUI keeps, and no socket."""
