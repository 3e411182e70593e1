#加入一条socket配置,重用ip和端口
import socket
from socket import SOL_SOCKET,SO_REUSEADDR
sk = socket.socket()
sk.setsockopt(SOL_SOCKET,SO_REUSEADDR,1)        # 就是它,在bind前加
sk.bind(('127.0.0.1', 9000))                    # 把地址绑定到套接字
sk.listen()                                     # 监听链接
conn,addr = sk.accept()                         # 接受客户端链接
ret = conn.recv(1024)                           # 接收客户端信息
print(ret.decode('utf-8'))                      # 打印客户端信息
conn.send('你好'.encode('utf-8'))               # 向客户端发送信息
conn.close()                                    # 关闭客户端套接字
sk.close()                                      # 关闭服务器套接字(可选)
