using System.Runtime.CompilerServices;

namespace Case.Kinds
{
    internal abstract class Base
    {
        private int state;

        internal Base(int start)
        {
            state = start;
        }

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern void First(int a);

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal extern int Second(int a);

        internal abstract int Pure(int a);

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal virtual extern int Third(int a);

        internal virtual int Fourth(int a)
        {
            return a + state;
        }

        internal extern int Property
        {
            [MethodImpl(MethodImplOptions.InternalCall)]
            get;
            [MethodImpl(MethodImplOptions.InternalCall)]
            set;
        }
    }

    internal sealed class Derived : Base
    {
        private static readonly int[] Table = new int[] { 1, 2, 3, 4, 5, 6, 7, 8 };

        internal Derived() : base(3)
        {
        }

        internal override int Pure(int a)
        {
            return Table[a];
        }

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal override extern int Third(int a);

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern bool Last(object a);
    }
}
