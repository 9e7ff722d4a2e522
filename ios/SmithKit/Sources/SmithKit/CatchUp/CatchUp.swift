/// Makes the screen equal to what the server says should be on it.
public enum CatchUp {}
