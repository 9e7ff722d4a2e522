"""The pages before signing in: plain HTML, made by templates. A stranger's request for one uses nothing after its
answer: NiceGUI keeps no page for it, and there is no socket."""
