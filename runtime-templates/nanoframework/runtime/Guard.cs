namespace Mcu.Runtime
{
    /// <summary>Checks of arguments; what throws stands apart from what runs.</summary>
    internal static class Guard
    {
        internal static void Length(sbyte[] array, int length)
        {
            if (array == null)
            {
                throw new System.ArgumentNullException();
            }

            if (array.Length != length)
            {
                throw new System.ArgumentException();
            }
        }
    }
}
