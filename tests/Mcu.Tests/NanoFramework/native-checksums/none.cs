namespace Case.None
{
    internal static class Plain
    {
        internal static int Add(int a, int b)
        {
            return a + b;
        }
    }
}
